// What MATLAB writes into a .mat file of version 7.3: HDF5 with numbers, text as UTF-16 numbers,
// and cell arrays as references to objects. Read through HDF5's C interface.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace regard::battery {

/// A group or dataset of a file; copies share it. Errors are InputErrors that name the file and the
/// path within it.
class Hdf5Object {
 public:
  /// Opens the file at its root; InputError when it is missing or no HDF5.
  static Hdf5Object open(const std::filesystem::path& path);

  bool has(const std::string& name) const;
  Hdf5Object child(const std::string& name) const;

  /// The objects behind a dataset of references, in the order of MATLAB's linear index.
  std::vector<Hdf5Object> references() const;
  /// How many elements the dataset has.
  std::size_t size() const;
  /// All numbers of a dataset, converted to double.
  std::vector<double> numbers() const;
  /// Text stored as UTF-16 code units; characters beyond ASCII become "?".
  std::string text() const;

  /// "cells.mat, batch/summary".
  const std::string& place() const { return place_; }

 private:
  struct Handle;
  std::shared_ptr<Handle> file_, object_;
  std::string place_;
  bool is_root_ = false;
};

}  // namespace regard::battery
