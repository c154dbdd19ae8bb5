// Two tables: nodes with labels and features, and edges between them.
//
// Nodes, with a header: id, label (empty: none), split (train, val, test, -; absent: a part is held
// out), and numeric features, or one column that --features names, with words `index` or
// `index:value`. Without a header: id, label (-1: none), split, indices.
//
// Edges: two ids and, where weights are given, a number above 0 whose logarithm is added to the
// score. A line "a b" means that b attends to a, and a to b unless edges are directed. A first line
// "source<tab>target" names the columns.
//
// Cells are separated by tabs, or by commas where the first line has no tab.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "regard/base/spec.hpp"

namespace regard::data {

/// The options of `[data]` that concern nodes.
struct NodeSpec {
  std::vector<std::string> edges;
  bool directed = false;
  std::string features;
  void visit(Visitor& f) {
    f("edges", edges, "nodes: files of edges, two ids a line and perhaps a weight above 0");
    f("directed", directed, "nodes: an edge a b means only that b attends to a");
    f("features", features,
      "nodes: column with the words `index` or `index:value` (empty: all other columns are "
      "numbers)");
  }
};

/// Which columns a run was trained on, how wide, and how numbers are brought to scale. Saved with
/// the run.
struct NodeFeatures {
  std::vector<std::string> columns;  // of numbers; empty: a column of words
  int64_t width = 0;
  std::vector<double> mean, deviation;  // (width) of numbers

  bool words() const { return columns.empty(); }
  bool operator==(const NodeFeatures&) const = default;
};

enum class NodePart : unsigned char { kNone, kTrain, kValid, kTest };

struct NodeTable {
  std::string file;
  std::vector<std::string> ids;  // (N)
  std::vector<int64_t> lines;    // (N)
  std::vector<int32_t> labels;   // (N) indices of label_names, -1: none
  std::vector<std::string> label_names;
  std::vector<NodePart> parts;   // (N), or empty where no column says so
  NodeFeatures features;         // of this file, without scale
  std::vector<int64_t> offsets;  // (N + 1) into the following two
  std::vector<int32_t> columns;
  std::vector<float> values;

  int64_t size() const { return static_cast<int64_t>(ids.size()); }
};

/// Node `query` attends to node `key`.
struct NodeEdge {
  int64_t query = 0, key = 0;
  double weight = 1;
};

/// InputError with file and line: an id twice, a feature that is no number, an unknown part, a
/// column that is missing.
NodeTable parse_nodes(std::string_view content, const std::string& name, const NodeSpec& spec);

/// Adds the edges of a file. InputError with file and line: a node that is not in the table, a
/// weight that is no number above 0.
void parse_node_edges(std::string_view content, const std::string& name, const NodeSpec& spec,
                      const NodeTable& nodes, std::vector<NodeEdge>& into);

/// InputError where the table has other features than those of the training.
void check_features(const NodeTable& nodes, const NodeFeatures& trained);

/// Renumbers the labels by `names`, those of the training; InputError with file and line for
/// another.
void map_node_labels(NodeTable& nodes, const std::vector<std::string>& names);

}  // namespace regard::data
