// The state of a run as named arrays of float64, for checkpoints: one `visit` saves and restores.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "regard/base/error.hpp"

namespace regard::particles {

class Archive {
 public:
  using Arrays = std::map<std::string, std::vector<double>>;

  static Archive saving() { return Archive(false, {}); }
  static Archive restoring(Arrays arrays) { return Archive(true, std::move(arrays)); }

  bool restores() const { return restores_; }
  const Arrays& arrays() const { return arrays_; }

  std::string prefix;  // before every name that follows

  void operator()(const std::string& name, std::vector<double>& values) {
    if (!restores_) {
      arrays_[prefix + name] = values;
      return;
    }
    const auto found = arrays_.find(prefix + name);
    if (found == arrays_.end()) {
      throw InputError("checkpoint: array \"" + prefix + name + "\" is missing");
    }
    values = found->second;
  }
  /// One number, a whole number or a switch.
  template <class T>
  void operator()(const std::string& name, T& value) {
    std::vector<double> one = {static_cast<double>(value)};
    (*this)(name, one);
    if (one.size() != 1) throw InputError("checkpoint: array \"" + name + "\" is no number");
    value = static_cast<T>(one[0]);
  }
  void operator()(const std::string& name, std::vector<int64_t>& values) {
    std::vector<double> reals(values.begin(), values.end());
    (*this)(name, reals);
    values.assign(reals.begin(), reals.end());
  }

 private:
  Archive(bool restores, Arrays arrays) : restores_(restores), arrays_(std::move(arrays)) {}
  bool restores_;
  Arrays arrays_;
};

}  // namespace regard::particles
