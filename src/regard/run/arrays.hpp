// Named arrays in one file, in the safetensors format, without PyTorch.
//
//   save_arrays("state.safetensors", {{"x", array(positions, {n, 3})}, {"step", array<int64_t>({7},
//   {})}}, {});
//   const auto file = load_arrays("state.safetensors");
//   const auto& x = values_of<double>(file.arrays, "x", {n, 3});
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/run/safetensors_header.hpp"

namespace regard::run {

/// Row-major values with their shape; F64, F32, I64, I32 and U8 of the format.
struct Array {
  std::vector<int64_t> shape;
  std::variant<std::vector<double>, std::vector<float>, std::vector<int64_t>, std::vector<int32_t>,
               std::vector<uint8_t>>
      values;
};
using Arrays = std::map<std::string, Array>;

template <class T>
Array array(std::vector<T> values, std::vector<int64_t> shape) {
  return {std::move(shape), std::move(values)};
}

/// The values of an array that must be there; InputError names it where it is not, or is of another
/// type or shape, or holds reals that are not finite.
template <class T>
const std::vector<T>& values_of(const Arrays& arrays, const std::string& name,
                                const std::vector<int64_t>& shape);

struct ArrayFile {
  Arrays arrays;
  Metadata metadata;
};

/// Writes the file whole or not at all (RunError with the system's reason, or when values and shape
/// do not agree). The bytes depend only on names, values and metadata: no clock, no path, one
/// order.
void save_arrays(const std::filesystem::path& path, const Arrays& arrays, const Metadata& metadata);

/// InputError with the path and the reason for anything that is not right in the file.
ArrayFile load_arrays(const std::filesystem::path& path);

/// The same for whoever keeps values elsewhere (tensors on a device): `data` gives the bytes of one
/// entry.
void write_arrays(const std::filesystem::path& path, SafetensorsHeader header,
                  const std::function<void(const TensorEntry&, const Sink&)>& data);
/// Reads the header, then calls `into` for each entry in the order of the file for the place of its
/// bytes.
/// Without `into`, only the header is read.
SafetensorsHeader read_arrays(const std::filesystem::path& path,
                              const std::function<void*(const TensorEntry&)>& into = {});

}  // namespace regard::run
