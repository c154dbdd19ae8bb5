// Any bytes as IDX images, as their labels, and as binary records.
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/data/readers/idx.hpp"
#include "regard/data/readers/records.hpp"

using namespace regard::data;
using namespace std::string_literals;

namespace {
const std::string kImages =
    "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02"
    "abcd"s;
const std::string kLabels = "\0\0\x08\x01\0\0\0\x02\x05\x06"s;
}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {kImages, kLabels, "\0\0\x08\x04\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x03rgb"s,
          "\x01"
          "abcd\x02"
          "efgh"s};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto idx = [](std::string_view images, std::string_view labels) {
    ExamplesBuilder builder;
    parse_idx_pair({images, "images", labels, "labels"}, builder);
    check_examples(builder.finish());
  };
  try_to_read(data, size, [&](std::string_view bytes) { idx(bytes, kLabels); });
  try_to_read(data, size, [&](std::string_view bytes) { idx(kImages, bytes); });
  return try_to_read(data, size, [](std::string_view bytes) {
    RecordsSpec spec;
    spec.shape = {2, 2};
    ExamplesBuilder builder;
    parse_records(bytes, "records", spec, RecordLabels::kRead, builder);
    check_examples(builder.finish());
  });
}
