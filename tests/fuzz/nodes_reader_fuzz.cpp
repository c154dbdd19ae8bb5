// Any bytes as a table of nodes, and as edges between nodes that are there.
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/data/readers/nodes.hpp"

using namespace regard::data;

std::vector<std::string> fuzz_seeds() {
  return {"id\tlabel\tsplit\tx\ty\na\tred\ttrain\t1\t2\nb\t\tval\t-1e3\t0.5\n",
          "0\t3\ttrain\t19 81\n1\t-1\t-\t\n", "id,label,w\na,1,3:0.5 7\n",
          "source\ttarget\tweight\na\tb\t0.5\n", "a\tb\nb\tc\t2\n"};
}

namespace {

void check(const NodeTable& table) {
  const auto n = static_cast<size_t>(table.size());
  if (n == 0 || table.labels.size() != n || table.offsets.size() != n + 1) std::abort();
  if (table.offsets.back() != static_cast<int64_t>(table.columns.size())) std::abort();
  for (const auto label : table.labels) {
    if (label < -1 || label >= static_cast<int32_t>(table.label_names.size())) std::abort();
  }
  for (const auto column : table.columns) {
    if (column < 0 || column >= table.features.width) std::abort();
  }
  for (const auto value : table.values) {
    if (std::isnan(value)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const auto known = parse_nodes("id\tx\na\t1\nb\t2\nc\t3\n", "known", {});
  for (const char* column : {"", "w"}) {
    NodeSpec spec;
    spec.features = column;
    try {
      check(parse_nodes(bytes, "nodes", spec));
    } catch (const regard::InputError&) {
    }
  }
  try {
    std::vector<NodeEdge> edges;
    parse_node_edges(bytes, "edges", {}, known, edges);
    for (const auto& edge : edges) {
      const bool inside = edge.query >= 0 && edge.query < 3 && edge.key >= 0 && edge.key < 3;
      if (!inside || !(edge.weight > 0) || std::isinf(edge.weight)) std::abort();
    }
  } catch (const regard::InputError&) {
  }
  return 0;
}
