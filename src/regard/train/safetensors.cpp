#include "regard/train/safetensors.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::train {
namespace {
namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, torch::ScalarType>, 10> kDtypes = {
    {{"F64", torch::kFloat64},
     {"F32", torch::kFloat32},
     {"F16", torch::kFloat16},
     {"BF16", torch::kBFloat16},
     {"I64", torch::kInt64},
     {"I32", torch::kInt32},
     {"I16", torch::kInt16},
     {"I8", torch::kInt8},
     {"U8", torch::kUInt8},
     {"BOOL", torch::kBool}}};

std::string dtype_name(const std::string& tensor, torch::ScalarType type) {
  for (const auto& [name, known] : kDtypes) {
    if (known == type) return name;
  }
  throw RunError("tensor \"" + tensor +
                 "\" has a dtype that safetensors does not know: " + c10::toString(type));
}

torch::ScalarType scalar_type(const std::string& dtype) {
  for (const auto& [name, type] : kDtypes) {
    if (dtype == name) return type;
  }
  throw InputError("dtype " + dtype + " is not known");
}

/// An open file behind its checked header.
struct OpenFile {
  std::ifstream stream;
  SafetensorsHeader header;
};

void read_exactly(std::ifstream& in, char* to, uint64_t bytes, const std::string& place) {
  in.read(to, static_cast<std::streamsize>(bytes));
  if (static_cast<uint64_t>(in.gcount()) != bytes) {
    throw InputError(place + ": reading failed or the file became shorter");
  }
}

OpenFile open(const fs::path& path) {
  const std::string place = path.string();
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) throw InputError(place + ": no such file");
  if (!fs::is_regular_file(status)) throw InputError(place + ": a file was expected");
  OpenFile file;
  file.stream.open(path, std::ios::binary);
  const auto size = fs::file_size(path, error);
  if (!file.stream || error) {
    throw InputError(place + ": cannot be read: " + std::strerror(errno));
  }
  std::string first(std::min<uint64_t>(size, kLengthBytes), '\0');
  read_exactly(file.stream, first.data(), first.size(), place);
  std::string json(parse_length(first, size, place), '\0');
  read_exactly(file.stream, json.data(), json.size(), place);
  file.header = parse_header(json, size - kLengthBytes - json.size(), place);
  return file;
}

}  // namespace

void save_safetensors(const fs::path& path, const NamedTensors& tensors, const Metadata& metadata) {
  SafetensorsHeader header;
  header.metadata = metadata;
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& [name, tensor] : tensors) {
    if (!by_name.emplace(name, tensor).second) {
      throw RunError(path.string() + ": two tensors are named \"" + name + "\"");
    }
    header.tensors.push_back(
        {name, dtype_name(name, tensor.scalar_type()), tensor.sizes().vec(), 0, 0});
  }
  const std::string start = format_header(header);
  write_atomically(path, [&](const Sink& sink) {
    sink(start.data(), start.size());
    for (const auto& entry : header.tensors) {
      const auto bytes = by_name.at(entry.name).detach().to(torch::kCPU).contiguous();
      sink(bytes.const_data_ptr(), bytes.nbytes());
    }
  });
}

Safetensors load_safetensors(const fs::path& path) {
  auto file = open(path);
  Safetensors result;
  result.metadata = std::move(file.header.metadata);
  for (const auto& entry : file.header.tensors) {
    auto tensor = torch::empty(entry.shape, scalar_type(entry.dtype));
    read_exactly(file.stream, static_cast<char*>(tensor.mutable_data_ptr()), tensor.nbytes(),
                 path.string());
    // A byte other than 0 and 1 is no bool, and reading it as one would be undefined.
    if (entry.dtype == "BOOL") tensor = tensor.view(torch::kUInt8).ne(0);
    result.tensors.emplace(entry.name, std::move(tensor));
  }
  return result;
}

Metadata load_metadata(const fs::path& path) { return open(path).header.metadata; }

}  // namespace regard::train
