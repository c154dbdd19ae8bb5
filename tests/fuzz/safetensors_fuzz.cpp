// Any bytes as the header of a safetensors file: read, or refused with an InputError.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/run/safetensors_header.hpp"

using namespace regard::run;

namespace {
std::string file_of(SafetensorsHeader header) {
  std::string text = format_header(header);
  return text + std::string(header.tensors.empty() ? 0 : header.tensors.back().end, '\1');
}
}  // namespace

std::vector<std::string> fuzz_seeds() {
  return {
      file_of({{{"w", "F32", {2, 3}, 0, 0}, {"b", "BF16", {3}, 0, 0}}, {{"note", "x"}}}),
      file_of({{{"s", "I64", {}, 0, 0}, {"e", "F64", {0, 2}, 0, 0}, {"m", "BOOL", {5}, 0, 0}}, {}}),
      file_of({{}, {{"regard", "{\"version\":1}"}}})};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  try {
    const uint64_t length = parse_length(file.substr(0, kLengthBytes), size, "fuzz");
    const auto rest = file.substr(kLengthBytes);
    const uint64_t data_bytes = rest.size() - length;
    auto header = parse_header(rest.substr(0, length), data_bytes, "fuzz");
    // What was accepted lies inside the data, and can be written and read again.
    for (const auto& entry : header.tensors) {
      if (entry.begin > entry.end || entry.end > data_bytes) std::abort();
    }
    const std::string again = format_header(header);
    if (parse_header(again.substr(kLengthBytes), data_bytes, "again").tensors.size() !=
        header.tensors.size()) {
      std::abort();
    }
  } catch (const regard::InputError&) {
  }
  return 0;
}
