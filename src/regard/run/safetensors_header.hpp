// The header of a safetensors file, without PyTorch.
//
//   file = u64 n, little endian | n bytes of JSON | data
//   JSON = {"__metadata__": {word: word}, name: {"dtype", "shape", "data_offsets": [begin, end]},
//   ...}
//
// The tensors cover the data without gap or overlap, as the format demands.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace regard::run {

/// One tensor of a file; `begin` and `end` are bytes from the start of the data.
struct TensorEntry {
  std::string name;
  std::string dtype;  // F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

using Metadata = std::map<std::string, std::string>;

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  // in the order of their data
  Metadata metadata;
};

/// Bytes of the length field, and the longest JSON that is accepted.
inline constexpr uint64_t kLengthBytes = 8;
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;

/// Bytes of one element, or 0 for a dtype that is not known.
uint64_t element_bytes(std::string_view dtype);

/// The length of the JSON from the first 8 bytes of a file of `file_bytes` bytes.
/// Throws InputError, which starts with `place`, when the file cannot hold it.
uint64_t parse_length(std::string_view first_bytes, uint64_t file_bytes, const std::string& place);

/// Checks and reads the JSON; `data_bytes` is what follows it in the file.
/// Throws InputError with `place`, the tensor and the reason.
SafetensorsHeader parse_header(std::string_view json, uint64_t data_bytes,
                               const std::string& place);

/// Sorts the entries (largest element first, so that each is aligned; then by name), sets their
/// offsets and returns length and JSON, padded with blanks to a multiple of 8 bytes.
std::string format_header(SafetensorsHeader& header);

}  // namespace regard::run
