#include "regard/lab/bench/shape.hpp"

#include <cctype>
#include <charconv>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::lab {
namespace {

int64_t* size_of(BenchShape& shape, const std::string& key) {
  if (key == "B") return &shape.batch;
  if (key == "T") return &shape.length;
  if (key == "H") return &shape.width;
  if (key == "heads") return &shape.heads;
  if (key == "layers") return &shape.layers;
  if (key == "mlp") return &shape.mlp;
  return nullptr;
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  std::vector<std::string> known;
  for (const auto& shape : bench_shapes()) known.push_back(shape.name);
  throw InputError("--shape " + text + ": " + why + "; known: " + join(known, ", ") +
                   ", or sizes such as B1T4096H256heads8layers1mlp512");
}

}  // namespace

const std::vector<BenchShape>& bench_shapes() {
  static const std::vector<BenchShape> shapes = {
      {"text", 16, 4000, 512, 8, 6, 1024},    {"image", 32, 1024, 256, 4, 3, 512},
      {"bytes16k", 4, 16384, 256, 8, 1, 512}, {"bytes131k", 1, 131072, 256, 8, 1, 512},
      {"core", 1, 16384, 256, 8, 1, 512},     {"demo", 32, 64, 64, 4, 2, 256},
  };
  return shapes;
}

BenchShape parse_shape(const std::string& text) {
  for (const auto& shape : bench_shapes()) {
    if (shape.name == text) return shape;
  }
  BenchShape shape{.name = text};
  std::size_t at = 0;
  while (at < text.size()) {
    const auto start = at;
    while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at]))) ++at;
    auto* size = size_of(shape, text.substr(start, at - start));
    if (!size) refuse(text, "an unknown shape");
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), *size);
    if (error != std::errc() || *size < 1) refuse(text, "a number of at least 1 is missing");
    at = static_cast<std::size_t>(end - text.data());
  }
  if (shape.batch == 0 || shape.length == 0 || shape.width == 0) {
    refuse(text, "B, T and H are needed");
  }
  if (shape.width % shape.heads != 0) {
    refuse(text, "width " + std::to_string(shape.width) + " is not divisible by " +
                     std::to_string(shape.heads) + " heads");
  }
  if (shape.mlp == 0) shape.mlp = 2 * shape.width;
  return shape;
}

std::string to_text(const BenchShape& s) {
  return "B" + std::to_string(s.batch) + " T" + std::to_string(s.length) + " H" +
         std::to_string(s.width) + " heads " + std::to_string(s.heads) + " layers " +
         std::to_string(s.layers) + " MLP " + std::to_string(s.mlp);
}

}  // namespace regard::lab
