// The sizes that are measured: B sequences of T tokens, width H in `heads` heads, `layers` blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regard::lab {

struct BenchShape {
  std::string name;
  int64_t batch = 0;   // B
  int64_t length = 0;  // T
  int64_t width = 0;   // H
  int64_t heads = 8;   // they divide the width
  int64_t layers = 1;
  int64_t mlp = 0;  // width of the feed-forward

  double tokens() const { return static_cast<double>(batch) * static_cast<double>(length); }
};

/// text, image, bytes16k, bytes131k, core, demo.
const std::vector<BenchShape>& bench_shapes();

/// A name of bench_shapes(), or numbers: "B1T4096H256", further heads8, layers1, mlp512 (twice the
/// width).
/// InputError with the known names for anything else.
BenchShape parse_shape(const std::string& text);

/// "B1 T4096 H256 heads 8 layers 1 MLP 512"
std::string to_text(const BenchShape& shape);

}  // namespace regard::lab
