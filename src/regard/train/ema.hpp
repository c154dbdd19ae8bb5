// A running average of the weights, used for evaluation (Polyak, Juditsky 1992; without start
// bias).
//
//   a_t = a_{t-1} + s_t (w_t - a_{t-1}),   s_t = (1 - d) / (1 - d^t),   so a_1 = w_1
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "regard/train/safetensors.hpp"

namespace regard::train {

class Ema {
 public:
  Ema(const NamedTensors& parameters, double decay);

  /// s_t of update t, counted from 1.
  double share(int64_t t) const;
  /// One update; `share` is a scalar on the device of the parameters.
  void update(const torch::Tensor& share);

  /// "ema.<parameter>".
  NamedTensors state() const;
  void load(const std::map<std::string, torch::Tensor>& tensors);

 private:
  friend class EmaScope;
  std::vector<std::string> names_;
  std::vector<torch::Tensor> parameters_, averages_;
  double decay_;
};

/// Puts the averages in place of the weights until the scope ends; a null `ema` does nothing.
class EmaScope {
 public:
  explicit EmaScope(Ema* ema);
  ~EmaScope();
  EmaScope(const EmaScope&) = delete;
  EmaScope& operator=(const EmaScope&) = delete;

 private:
  Ema* ema_;
  std::vector<torch::Tensor> weights_;
};

}  // namespace regard::train
