#include "regard/run/arrays.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <system_error>

namespace regard::run {
namespace {
namespace fs = std::filesystem;

template <class T>
constexpr const char* kDtype = std::is_same_v<T, double>    ? "F64"
                               : std::is_same_v<T, float>   ? "F32"
                               : std::is_same_v<T, int64_t> ? "I64"
                               : std::is_same_v<T, int32_t> ? "I32"
                                                            : "U8";

std::string described(const std::string& dtype, const std::vector<int64_t>& shape) {
  std::string text = dtype + " [";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string dtype_of(const Array& array) {
  return std::visit([]<class T>(const std::vector<T>&) { return kDtype<T>; }, array.values);
}

std::size_t elements(const std::vector<int64_t>& shape) {
  std::size_t count = 1;
  for (const auto size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

template <class T>
void* make_room(Array& array) {
  return array.values.emplace<std::vector<T>>(elements(array.shape)).data();
}

void* make_room(const TensorEntry& entry, Array& array, const std::string& place) {
  array.shape = entry.shape;
  if (entry.dtype == "F64") return make_room<double>(array);
  if (entry.dtype == "F32") return make_room<float>(array);
  if (entry.dtype == "I64") return make_room<int64_t>(array);
  if (entry.dtype == "I32") return make_room<int32_t>(array);
  if (entry.dtype == "U8") return make_room<uint8_t>(array);
  throw InputError(place + ": array \"" + entry.name +
                   "\": F64, F32, I64, I32 or U8 was expected, and " + entry.dtype + " came");
}

void read_exactly(std::ifstream& in, void* to, uint64_t bytes, const std::string& place) {
  in.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
  if (static_cast<uint64_t>(in.gcount()) != bytes) {
    throw InputError(place + ": reading failed or the file became shorter");
  }
}

}  // namespace

void write_arrays(const fs::path& path, SafetensorsHeader header,
                  const std::function<void(const TensorEntry&, const Sink&)>& data) {
  const std::string start = format_header(header);
  write_atomically(path, [&](const Sink& sink) {
    sink(start.data(), start.size());
    for (const auto& entry : header.tensors) data(entry, sink);
  });
}

SafetensorsHeader read_arrays(const fs::path& path,
                              const std::function<void*(const TensorEntry&)>& into) {
  const std::string place = path.string();
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) throw InputError(place + ": no such file");
  if (!fs::is_regular_file(status)) throw InputError(place + ": a file was expected");
  std::ifstream in(path, std::ios::binary);
  const auto size = fs::file_size(path, error);
  if (!in || error) throw InputError(place + ": cannot be read: " + std::strerror(errno));
  std::string first(std::min<uint64_t>(size, kLengthBytes), '\0');
  read_exactly(in, first.data(), first.size(), place);
  std::string json(parse_length(first, size, place), '\0');
  read_exactly(in, json.data(), json.size(), place);
  auto header = parse_header(json, size - kLengthBytes - json.size(), place);
  if (!into) return header;
  for (const auto& entry : header.tensors)
    read_exactly(in, into(entry), entry.end - entry.begin, place);
  return header;
}

void save_arrays(const fs::path& path, const Arrays& arrays, const Metadata& metadata) {
  SafetensorsHeader header;
  header.metadata = metadata;
  for (const auto& [name, array] : arrays) {
    const auto count = std::visit([](const auto& values) { return values.size(); }, array.values);
    if (count != elements(array.shape))
      throw RunError(path.string() + ": array \"" + name + "\" has " + std::to_string(count) +
                     " values, and its shape another number");
    header.tensors.push_back({name, dtype_of(array), array.shape, 0, 0});
  }
  write_arrays(path, std::move(header), [&](const TensorEntry& entry, const Sink& sink) {
    std::visit([&](const auto& values) { sink(values.data(), values.size() * sizeof(values[0])); },
               arrays.at(entry.name).values);
  });
}

ArrayFile load_arrays(const fs::path& path) {
  ArrayFile file;
  file.metadata = read_arrays(path, [&](const TensorEntry& entry) {
                    return make_room(entry, file.arrays[entry.name], path.string());
                  }).metadata;
  return file;
}

template <class T>
const std::vector<T>& values_of(const Arrays& arrays, const std::string& name,
                                const std::vector<int64_t>& shape) {
  const auto found = arrays.find(name);
  const auto expected =
      "array \"" + name + "\": " + described(kDtype<T>, shape) + " was expected, and ";
  if (found == arrays.end()) throw InputError(expected + "it is not there");
  const auto* values = std::get_if<std::vector<T>>(&found->second.values);
  if (values == nullptr || found->second.shape != shape)
    throw InputError(expected + described(dtype_of(found->second), found->second.shape) + " came");
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::all_of(values->begin(), values->end(), [](T v) { return std::isfinite(v); }))
      throw InputError(expected + "not all of its numbers are finite");
  }
  return *values;
}

#define REGARD_VALUES_OF(T)                                                      \
  template const std::vector<T>& values_of<T>(const Arrays&, const std::string&, \
                                              const std::vector<int64_t>&);
REGARD_VALUES_OF(double)
REGARD_VALUES_OF(float)
REGARD_VALUES_OF(int64_t)
REGARD_VALUES_OF(int32_t)
REGARD_VALUES_OF(uint8_t)
#undef REGARD_VALUES_OF

}  // namespace regard::run
