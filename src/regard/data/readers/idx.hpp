// IDX, the format of MNIST: 0 0 type rank, then one big-endian uint32 a dimension, then the values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "regard/data/readers/examples.hpp"

namespace regard::data {

/// A view into the file's bytes.
struct IdxArray {
  std::vector<int64_t> shape;
  std::string_view values;  // unsigned bytes, row-major
};

/// InputError for a wrong magic number, a type other than unsigned bytes, or a size that does not
/// fit the shape.
IdxArray parse_idx(std::string_view content, const std::string& name);

/// True when the bytes begin as IDX does.
bool looks_like_idx(std::string_view content);

struct IdxPair {
  std::string_view images;  // bytes of the file
  std::string images_name;
  std::optional<std::string_view> labels;  // none: images alone
  std::string labels_name;
};

/// Adds N images, (N, height, width), (N, height, width, channels) or (N, width), with their
/// labels.
void parse_idx_pair(const IdxPair& pair, ExamplesBuilder& into);

/// "train-images-idx3-ubyte.gz" -> "train-labels-idx1-ubyte.gz"; "" when the name has no such part.
std::string idx_labels_beside(const std::string& images_path);

}  // namespace regard::data
