#include "regard/data/readers/idx.hpp"

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::data {
namespace {

constexpr uint8_t kUnsignedByte = 0x08;

uint8_t byte_at(std::string_view content, std::size_t i) {
  return static_cast<uint8_t>(content[i]);
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::vector<std::string> parts;
  for (const auto size : shape) parts.push_back(std::to_string(size));
  return join(parts, " x ");
}

ImageShape image_shape(const IdxArray& array, const std::string& name) {
  const auto& s = array.shape;
  if (s.size() == 2) return {1, s[1], 1};
  if (s.size() == 3) return {s[1], s[2], 1};
  if (s.size() == 4) return {s[1], s[2], s[3]};
  throw InputError(name + ": images have 2 to 4 dimensions, and these have " +
                   std::to_string(s.size()) + (s.size() == 1 ? " (these are labels)" : ""));
}

}  // namespace

bool looks_like_idx(std::string_view content) {
  return content.size() >= 4 && content[0] == 0 && content[1] == 0 && byte_at(content, 2) >= 0x08 &&
         byte_at(content, 2) <= 0x0E && byte_at(content, 3) >= 1 && byte_at(content, 3) <= 8;
}

IdxArray parse_idx(std::string_view content, const std::string& name) {
  if (!looks_like_idx(content)) {
    throw InputError(name + ": not an IDX file (it should begin with the bytes 0 0 type rank)");
  }
  if (byte_at(content, 2) != kUnsignedByte) {
    throw InputError(name + ": IDX values of type " + std::to_string(byte_at(content, 2)) +
                     "; only unsigned bytes (type 8) are read");
  }
  const std::size_t rank = byte_at(content, 3);
  const std::size_t header = 4 + 4 * rank;
  if (content.size() < header) throw InputError(name + ": the file ends inside its IDX header");
  IdxArray array;
  uint64_t count = 1;
  const uint64_t present = content.size() - header;
  bool too_many = false;
  for (std::size_t d = 0; d < rank; ++d) {
    uint64_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | byte_at(content, 4 + 4 * d + i);
    array.shape.push_back(static_cast<int64_t>(size));
    // Seven sizes of 32 bits overflow 64, so the product stops once the file cannot hold it.
    count *= size;
    if (count > present) too_many = true, count = present + 1;
    if (size == 0)
      throw InputError(name + ": the array is empty (" + shape_text(array.shape) + ")");
  }
  if (too_many || count != present) {
    throw InputError(name + ": the header says " + shape_text(array.shape) + ", and " +
                     std::to_string(present) + " values follow");
  }
  array.values = content.substr(header);
  return array;
}

void parse_idx_pair(const IdxPair& pair, ExamplesBuilder& into) {
  const auto images = parse_idx(pair.images, pair.images_name);
  const auto shape = image_shape(images, pair.images_name);
  std::string_view labels;
  if (pair.labels) {
    const auto array = parse_idx(*pair.labels, pair.labels_name);
    if (array.shape.size() != 1 || array.shape[0] != images.shape[0]) {
      throw InputError(pair.labels_name + ": " + std::to_string(images.shape[0]) +
                       " labels were expected (" + pair.images_name + "), and the array is " +
                       shape_text(array.shape));
    }
    labels = array.values;
  }
  into.begin_file(pair.images_name);
  into.set_unit("image");
  into.reserve_images(images.shape[0], shape);
  const auto* pixels = reinterpret_cast<const uint8_t*>(images.values.data());
  const auto size = static_cast<std::size_t>(shape.size());
  for (int64_t i = 0; i < images.shape[0]; ++i) {
    const auto n = static_cast<std::size_t>(i);
    into.add_image({pixels + n * size, size}, shape, i + 1);
    if (!labels.empty()) into.add_label(std::to_string(byte_at(labels, n)));
  }
}

std::string idx_labels_beside(const std::string& images_path) {
  const std::string images = "images-idx";
  const auto at = images_path.rfind(images);
  if (at == std::string::npos || at + images.size() >= images_path.size()) return "";
  return images_path.substr(0, at) + "labels-idx1" + images_path.substr(at + images.size() + 1);
}

}  // namespace regard::data
