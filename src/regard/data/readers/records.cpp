#include "regard/data/readers/records.hpp"

#include "regard/base/error.hpp"

namespace regard::data {
namespace {

constexpr int64_t kLargestSide = int64_t{1} << 20;

ImageShape checked_shape(const RecordsSpec& spec, const std::string& name) {
  const auto& s = spec.shape;
  if (s.size() != 2 && s.size() != 3) {
    throw InputError(name +
                     ": say how the values of a record lie, shape = [height, width] or "
                     "[channels, height, width] (CIFAR-10: [3, 32, 32])");
  }
  for (const auto size : s) {
    if (size < 1 || size > kLargestSide) {
      throw InputError(name + ": shape has sizes from 1 to " + std::to_string(kLargestSide) +
                       ", and " + std::to_string(size) + " came");
    }
  }
  if (spec.label_bytes < 0 || spec.label_bytes > kLargestSide || spec.skip < 0) {
    throw InputError(name + ": label_bytes and skip count bytes, from 0");
  }
  return s.size() == 2 ? ImageShape{s[0], s[1], 1} : ImageShape{s[1], s[2], s[0]};
}

}  // namespace

void parse_records(std::string_view content, const std::string& name, const RecordsSpec& spec,
                   RecordLabels labels, ExamplesBuilder& into) {
  const auto shape = checked_shape(spec, name);
  const bool labelled = labels == RecordLabels::kRead && spec.label_bytes > 0;
  if (labelled && (spec.label_byte < 1 || spec.label_byte > spec.label_bytes)) {
    throw InputError(name + ": label_byte lies between 1 and label_bytes, " +
                     std::to_string(spec.label_bytes) + ", and " + std::to_string(spec.label_byte) +
                     " came");
  }
  const int64_t values = shape.size(), record = values + spec.label_bytes;
  const int64_t present = static_cast<int64_t>(content.size()) - spec.skip;
  if (present <= 0 || present % record != 0) {
    throw InputError(
        name + ": records of " + std::to_string(record) + " bytes (" +
        std::to_string(spec.label_bytes) + " before " + std::to_string(values) +
        " values) were expected, and the file has " + std::to_string(content.size()) +
        (spec.skip > 0 ? " bytes with " + std::to_string(spec.skip) + " to skip" : " bytes"));
  }
  into.begin_file(name);
  into.set_unit("record");
  const int64_t count = present / record, plane = shape.height * shape.width;
  into.reserve_images(count, shape);
  std::vector<uint8_t> pixels(static_cast<std::size_t>(values));
  const auto* at = reinterpret_cast<const uint8_t*>(content.data()) + spec.skip;
  for (int64_t i = 0; i < count; ++i, at += record) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      const auto* from = at + spec.label_bytes + c * plane;
      for (int64_t p = 0; p < plane; ++p) {
        pixels[static_cast<std::size_t>(p * shape.channels + c)] = from[p];
      }
    }
    into.add_image(pixels, shape, i + 1);
    if (labelled) into.add_label(std::to_string(at[spec.label_byte - 1]));
  }
}

}  // namespace regard::data
