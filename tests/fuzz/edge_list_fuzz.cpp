// Any bytes as edges: what is built is sorted, free of repetitions and the same in any order.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/graph/edge_list.hpp"

using namespace regard::graph;

std::vector<std::string> fuzz_seeds() {
  return {std::string("\x05\x05\x00\x01\x20\x01\x00\x20\x04\x04\x00", 11),
          std::string("\x02\x08\x00\x07\x00\x01\x07\x00\x00\x07\x40", 11)};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Extent extent{data[0] % 32, data[1] % 32};
  std::vector<Edge> edges;
  for (size_t i = 2; i + 3 <= size; i += 3) {
    // Some lie outside, and 255 stands for a gate that is no number.
    const double gate = data[i + 2] == 255 ? 1.0 / 0.0 : data[i + 2] / 32.0 - 1;
    edges.push_back({data[i] % 40 - 2, data[i + 1] % 40 - 2, gate});
  }
  for (const auto loops : {SelfLoops::kAdd, SelfLoops::kAsGiven}) {
    try {
      const auto list = build_edges(edges, extent, loops);
      if (list.queries() != extent.queries || list.offsets.back() != list.size()) std::abort();
      for (int64_t i = 0; i < extent.queries; ++i) {
        const auto begin = list.keys.begin() + list.offsets[static_cast<size_t>(i)];
        const auto end = list.keys.begin() + list.offsets[static_cast<size_t>(i) + 1];
        if (std::adjacent_find(begin, end, std::greater_equal<>()) != end) std::abort();
        const bool self = std::binary_search(begin, end, i);
        if (loops == SelfLoops::kAdd && i < extent.keys && !self) std::abort();
      }
      std::reverse(edges.begin(), edges.end());
      const auto again = build_edges(edges, extent, loops);
      if (again.keys != list.keys || again.log_gates != list.log_gates) std::abort();
    } catch (const regard::InputError&) {
    }
  }
  return 0;
}
