#include "regard/run/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"

namespace regard::run {
namespace {

constexpr int kDeepest = 4;  // {name: {"shape": [n]}} and one to spare
constexpr std::string_view kMetadata = "__metadata__";

[[noreturn]] void refuse(const std::string& place, const std::string& reason) {
  throw InputError(place + ": not a safetensors file: " + reason);
}

/// A name from a file, safe to print: short and without control characters.
std::string shown(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 80)) text += static_cast<unsigned char>(c) < 32 ? '?' : c;
  return '"' + text + (name.size() > 80 ? "...\"" : "\"");
}

uint64_t unsigned_number(const Json& value, const std::string& what) {
  if (!value.is_number_unsigned()) throw InputError(what + " must be a whole number of 0 or more");
  return value.get<uint64_t>();
}

/// JSON with a limit on depth and no name twice in the outer object.
Json parse_json(std::string_view text) {
  std::set<std::string> seen;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDeepest) throw InputError("the header is nested too deeply");
    if (event == Json::parse_event_t::key && depth == 1) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!seen.insert(name).second) throw InputError("tensor " + shown(name) + " appears twice");
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::exception&) {
    throw InputError("the header is not valid JSON");
  }
}

std::vector<int64_t> read_shape(const Json& list, const std::string& what) {
  if (!list.is_array()) throw InputError(what + " has no list \"shape\"");
  std::vector<int64_t> shape;
  for (const auto& size : list) {
    const auto n = unsigned_number(size, what + ": each size in \"shape\"");
    if (n > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      throw InputError(what + ": a size in \"shape\" is too large");
    }
    shape.push_back(static_cast<int64_t>(n));
  }
  return shape;
}

/// Bytes of a tensor; the product is checked, since a hostile shape may overflow it.
uint64_t tensor_bytes(const TensorEntry& entry, const std::string& what) {
  uint64_t bytes = element_bytes(entry.dtype);
  bool empty = false;
  for (const int64_t size : entry.shape) {
    // A size of 0 counts as 1 here: the strides of the others must not overflow either.
    empty = empty || size == 0;
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(std::max<int64_t>(size, 1)), &bytes) ||
        bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      throw InputError(what + ": its shape overflows the size of a tensor");
    }
  }
  return empty ? 0 : bytes;
}

TensorEntry read_entry(const std::string& name, const Json& value) {
  const std::string what = "tensor " + shown(name);
  if (!value.is_object()) throw InputError(what + " must be an object");
  for (const auto& [key, unused] : value.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      throw InputError(what + " has an unknown key " + shown(key));
    }
  }
  if (!value.contains("dtype") || !value["dtype"].is_string()) {
    throw InputError(what + " has no word \"dtype\"");
  }
  TensorEntry entry;
  entry.name = name;
  entry.dtype = value["dtype"].get<std::string>();
  if (element_bytes(entry.dtype) == 0) {
    throw InputError(what + ": dtype " + shown(entry.dtype) + " is not known");
  }
  entry.shape = read_shape(value.contains("shape") ? value["shape"] : Json(), what);
  if (!value.contains("data_offsets") || !value["data_offsets"].is_array() ||
      value["data_offsets"].size() != 2) {
    throw InputError(what + " has no pair \"data_offsets\"");
  }
  entry.begin = unsigned_number(value["data_offsets"][0], what + ": each of \"data_offsets\"");
  entry.end = unsigned_number(value["data_offsets"][1], what + ": each of \"data_offsets\"");
  if (entry.begin > entry.end) throw InputError(what + " ends before it begins");
  const uint64_t bytes = tensor_bytes(entry, what);
  if (entry.end - entry.begin != bytes) {
    throw InputError(what + " takes " + std::to_string(bytes) + " bytes by its shape, and " +
                     std::to_string(entry.end - entry.begin) + " by its offsets");
  }
  return entry;
}

Metadata read_metadata(const Json& value) {
  if (!value.is_object()) throw InputError("\"__metadata__\" must be an object");
  Metadata metadata;
  for (const auto& [key, word] : value.items()) {
    if (!word.is_string()) throw InputError("metadata " + shown(key) + " must be a word");
    metadata[key] = word.get<std::string>();
  }
  return metadata;
}

void check_cover(const std::vector<TensorEntry>& tensors, uint64_t data_bytes) {
  uint64_t at = 0;
  for (const auto& entry : tensors) {
    if (entry.end > data_bytes) {
      throw InputError("tensor " + shown(entry.name) + " ends at byte " +
                       std::to_string(entry.end) + " of " + std::to_string(data_bytes) +
                       " bytes of data; the file is truncated or damaged");
    }
    if (entry.begin != at) {
      throw InputError("tensor " + shown(entry.name) +
                       (entry.begin < at ? " overlaps the one before" : " leaves a gap before it"));
    }
    at = entry.end;
  }
  if (at != data_bytes) {
    throw InputError(std::to_string(data_bytes - at) + " bytes after the last tensor");
  }
}

}  // namespace

uint64_t element_bytes(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, uint64_t>, 10> kSizes = {{{"F64", 8},
                                                                                    {"I64", 8},
                                                                                    {"F32", 4},
                                                                                    {"I32", 4},
                                                                                    {"F16", 2},
                                                                                    {"BF16", 2},
                                                                                    {"I16", 2},
                                                                                    {"I8", 1},
                                                                                    {"U8", 1},
                                                                                    {"BOOL", 1}}};
  for (const auto& [name, bytes] : kSizes) {
    if (name == dtype) return bytes;
  }
  return 0;
}

uint64_t parse_length(std::string_view first_bytes, uint64_t file_bytes, const std::string& place) {
  if (file_bytes < kLengthBytes || first_bytes.size() < kLengthBytes) {
    refuse(place, "it has " + std::to_string(std::min<uint64_t>(file_bytes, first_bytes.size())) +
                      " bytes, fewer than 8");
  }
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) {
    length = length << 8 | static_cast<unsigned char>(first_bytes[static_cast<std::size_t>(i)]);
  }
  if (length > kMaxHeaderBytes || length > file_bytes - kLengthBytes) {
    refuse(place, "its header claims " + std::to_string(length) + " bytes, and the file has " +
                      std::to_string(file_bytes));
  }
  return length;
}

SafetensorsHeader parse_header(std::string_view json, uint64_t data_bytes,
                               const std::string& place) {
  try {
    if (json.empty() || json.front() != '{') throw InputError("the header does not start with {");
    const Json parsed = parse_json(json);
    SafetensorsHeader header;
    for (const auto& [name, value] : parsed.items()) {
      if (name == kMetadata) {
        header.metadata = read_metadata(value);
      } else {
        header.tensors.push_back(read_entry(name, value));
      }
    }
    // An empty tensor shares its offset with the next one and stands before it.
    std::stable_sort(header.tensors.begin(), header.tensors.end(),
                     [](const auto& a, const auto& b) {
                       return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
                     });
    check_cover(header.tensors, data_bytes);
    return header;
  } catch (const InputError& error) {
    refuse(place, error.what());
  }
}

std::string format_header(SafetensorsHeader& header) {
  std::sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
    const auto size_a = element_bytes(a.dtype), size_b = element_bytes(b.dtype);
    return size_a != size_b ? size_a > size_b : a.name < b.name;
  });
  Json json = Json::object();
  if (!header.metadata.empty()) json[std::string(kMetadata)] = header.metadata;
  uint64_t at = 0;
  for (auto& entry : header.tensors) {
    entry.begin = at;
    at += tensor_bytes(entry, "tensor " + shown(entry.name));
    entry.end = at;
    json[entry.name] = {
        {"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text;
  try {
    text = json.dump();
  } catch (const nlohmann::json::exception&) {
    throw RunError("a name or a metadata word for a safetensors file is not UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string length(kLengthBytes, '\0');
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length[i] = static_cast<char>(text.size() >> (8 * i) & 0xff);
  }
  return length + text;
}

}  // namespace regard::run
