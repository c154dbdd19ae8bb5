#include "regard/train/safetensors.hpp"

#include <array>

#include "regard/base/error.hpp"

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

}  // namespace

void save_safetensors(const fs::path& path, const NamedTensors& tensors,
                      const run::Metadata& metadata) {
  run::SafetensorsHeader header;
  header.metadata = metadata;
  std::map<std::string, torch::Tensor> by_name;
  for (const auto& [name, tensor] : tensors) {
    if (!by_name.emplace(name, tensor).second) {
      throw RunError(path.string() + ": two tensors are named \"" + name + "\"");
    }
    header.tensors.push_back(
        {name, dtype_name(name, tensor.scalar_type()), tensor.sizes().vec(), 0, 0});
  }
  run::write_arrays(path, std::move(header), [&](const run::TensorEntry& entry, const Sink& sink) {
    const auto bytes = by_name.at(entry.name).detach().to(torch::kCPU).contiguous();
    sink(bytes.const_data_ptr(), bytes.nbytes());
  });
}

Safetensors load_safetensors(const fs::path& path) {
  Safetensors file;
  const auto header = run::read_arrays(path, [&](const run::TensorEntry& entry) {
    auto tensor = torch::empty(entry.shape, scalar_type(entry.dtype));
    return file.tensors.emplace(entry.name, tensor).first->second.mutable_data_ptr();
  });
  for (const auto& entry : header.tensors) {
    // A byte other than 0 and 1 is no bool, and reading it as one would be undefined.
    auto& tensor = file.tensors.at(entry.name);
    if (entry.dtype == "BOOL") tensor = tensor.view(torch::kUInt8).ne(0);
  }
  file.metadata = header.metadata;
  return file;
}

}  // namespace regard::train
