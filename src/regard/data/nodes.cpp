#include "regard/data/nodes.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"
#include "regard/data/readers/split.hpp"
#include "regard/graph/edge_list.hpp"

namespace regard::data {
namespace {
using torch::Tensor;

/// What all parts share.
struct WholeGraph {
  Tensor features;  // (1, N, F) float
  std::map<std::string, Tensor> edges;
  std::vector<std::string> ids;
  int64_t size() const { return features.size(1); }
};

/// Nodes that count, and their labels, (1, N) with -1 elsewhere; undefined without labels.
struct Counted {
  Tensor targets;
  std::vector<int64_t> nodes;
};

class NodeStream final : public Stream {
 public:
  NodeStream(std::shared_ptr<const WholeGraph> graph, Counted counted)
      : graph_(std::move(graph)), counted_(std::move(counted)) {}
  int64_t steps_per_epoch() const override { return 1; }
  std::vector<int64_t> examples(int64_t) const override { return counted_.nodes; }
  nn::Batch batch(int64_t) override {
    nn::Batch batch;
    batch.inputs = graph_->features;
    batch.targets = counted_.targets;
    batch.others = graph_->edges;
    batch.rows = 1;
    batch.tokens = graph_->size();
    return batch;
  }

 private:
  std::shared_ptr<const WholeGraph> graph_;
  Counted counted_;
};

class NodeDataset final : public Dataset {
 public:
  NodeDataset(std::shared_ptr<const WholeGraph> graph, Counted counted)
      : graph_(std::move(graph)), counted_(std::move(counted)) {}
  int64_t size() const override { return static_cast<int64_t>(counted_.nodes.size()); }
  std::unique_ptr<Stream> train(const StreamOptions&) const override { return sweep(1); }
  std::unique_ptr<Stream> sweep(int64_t) const override {
    return std::make_unique<NodeStream>(graph_, counted_);
  }
  const Places& places() const override { return none_; }
  /// The id.
  std::string_view text(int64_t i) const override {
    return graph_->ids[static_cast<std::size_t>(i)];
  }

 private:
  std::shared_ptr<const WholeGraph> graph_;
  Counted counted_;
  Places none_;
};

std::string read_text(const std::string& path) {
  check_exists(path);
  auto file = open_single(path);
  return decode(std::move(file.bytes), file.name, {"auto", Unmarked::kUtf8}).text;
}

NodeTable read_nodes(const std::vector<std::string>& paths, const DataSpec& spec) {
  if (paths.size() != 1) {
    throw InputError("--nodes: one file was expected, and " + std::to_string(paths.size()) +
                     " came");
  }
  if (spec.nodes.edges.empty()) {
    throw InputError("--nodes: the edges between them were expected, too (--edges FILE)");
  }
  return parse_nodes(read_text(paths[0]), paths[0], spec.nodes);
}

graph::EdgeList read_edges(const DataSpec& spec, const NodeTable& nodes) {
  std::vector<NodeEdge> given;
  for (const auto& path : spec.nodes.edges) {
    parse_node_edges(read_text(path), path, spec.nodes, nodes, given);
  }
  std::vector<graph::Edge> edges;
  for (const auto& edge : given) edges.push_back({edge.query, edge.key, std::log(edge.weight)});
  return graph::build_edges(edges, {nodes.size(), nodes.size()}, graph::SelfLoops::kAdd);
}

// Numbers get mean 0 and deviation 1 over the nodes of the training file.
void fit_numbers(NodeFeatures& features, const NodeTable& nodes) {
  const auto width = static_cast<std::size_t>(features.width);
  features.mean.assign(width, 0);
  features.deviation.assign(width, 1);
  const auto n = static_cast<double>(nodes.size());
  std::vector<double> sum(width), squares(width);
  for (std::size_t i = 0; i < nodes.values.size(); ++i) {
    sum[i % width] += static_cast<double>(nodes.values[i]) / n;
  }
  for (std::size_t i = 0; i < nodes.values.size(); ++i) {
    const double off = static_cast<double>(nodes.values[i]) - sum[i % width];
    squares[i % width] += off * off / n;
  }
  for (std::size_t c = 0; c < width; ++c) {
    features.mean[c] = sum[c];
    // A column of one value keeps its scale.
    if (squares[c] > 1e-18 * (1 + sum[c] * sum[c])) features.deviation[c] = std::sqrt(squares[c]);
  }
}

// (1, N, F): words of a node share 1 by their sizes, numbers are brought to scale.
Tensor feature_matrix(const NodeTable& nodes, const NodeFeatures& features, torch::Device device) {
  auto matrix = torch::zeros({1, nodes.size(), features.width});
  auto* to = matrix.data_ptr<float>();
  for (int64_t i = 0; i < nodes.size(); ++i, to += features.width) {
    const auto begin = nodes.offsets[static_cast<std::size_t>(i)];
    const auto end = nodes.offsets[static_cast<std::size_t>(i) + 1];
    double sum = 0;
    for (auto e = begin; e < end; ++e) sum += std::abs(nodes.values[static_cast<std::size_t>(e)]);
    for (auto e = begin; e < end; ++e) {
      const auto c = static_cast<std::size_t>(nodes.columns[static_cast<std::size_t>(e)]);
      const double value = nodes.values[static_cast<std::size_t>(e)];
      const double scaled = features.words() ? (sum > 0 ? value / sum : 0)
                                             : (value - features.mean[c]) / features.deviation[c];
      to[c] = static_cast<float>(scaled);
    }
  }
  return matrix.to(device);
}

std::map<std::string, Tensor> edge_tensors(const graph::EdgeList& list, torch::Device device) {
  const auto row = [&](const std::vector<int64_t>& values) {
    return torch::tensor(values, torch::kLong).view({1, -1}).to(device);
  };
  std::map<std::string, Tensor> edges = {{nn::kEdgeQueries, row(list.edge_queries())},
                                         {nn::kEdgeKeys, row(list.keys)}};
  if (!list.log_gates.empty()) {
    const std::vector<float> gates(list.log_gates.begin(), list.log_gates.end());
    edges[nn::kEdgeGates] = torch::tensor(gates).view({1, -1}).to(device);
  }
  return edges;
}

std::shared_ptr<const WholeGraph> whole_graph(const NodeTable& nodes, const graph::EdgeList& list,
                                              const NodeFeatures& features, torch::Device device) {
  auto graph = std::make_shared<WholeGraph>();
  graph->features = feature_matrix(nodes, features, device);
  graph->edges = edge_tensors(list, device);
  graph->ids = nodes.ids;
  return graph;
}

Counted with_labels(const NodeTable& nodes, std::vector<int64_t> counted, torch::Device device) {
  auto targets = torch::full({1, nodes.size()}, -1, torch::kLong);
  auto* to = targets.data_ptr<int64_t>();
  for (const auto i : counted) to[i] = nodes.labels[static_cast<std::size_t>(i)];
  return {targets.to(device), std::move(counted)};
}

std::vector<int64_t> labelled(const NodeTable& nodes, NodePart part) {
  std::vector<int64_t> some;
  for (int64_t i = 0; i < nodes.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool in = nodes.parts.empty() ? part == NodePart::kTrain : nodes.parts[at] == part;
    if (in && nodes.labels[at] >= 0) some.push_back(i);
  }
  return some;
}

/// Training nodes apart from those that validate, and the sentence about it.
struct HeldOut {
  std::vector<int64_t> train, valid;
  std::string sentence;
};

HeldOut hold_out_nodes(const DataSpec& spec, const NodeTable& nodes, std::vector<int64_t> all) {
  std::vector<int32_t> labels;
  for (const auto i : all) labels.push_back(nodes.labels[static_cast<std::size_t>(i)]);
  const auto split = hold_out(labels, spec.valid_fraction, static_cast<uint64_t>(spec.split_seed));
  HeldOut out;
  for (const auto i : split.train) out.train.push_back(all[static_cast<std::size_t>(i)]);
  for (const auto i : split.valid) out.valid.push_back(all[static_cast<std::size_t>(i)]);
  out.sentence = std::to_string(out.valid.size()) + " of " + std::to_string(all.size()) +
                 " nodes with labels are held out for validation (split_seed " +
                 std::to_string(spec.split_seed) + ")";
  return out;
}

void check_training(const NodeTable& nodes) {
  const bool any =
      std::any_of(nodes.labels.begin(), nodes.labels.end(), [](auto l) { return l >= 0; });
  if (!any) throw InputError(nodes.file + ": labels of nodes were expected, and no node has one");
  if (labelled(nodes, NodePart::kTrain).empty()) {
    throw InputError(nodes.file +
                     ": nodes with a label in the split train were expected, and "
                     "there are none");
  }
  if (nodes.label_names.size() < 2) {
    throw InputError(nodes.file + ": two labels were expected, and every node is \"" +
                     nodes.label_names.front() + "\"");
  }
}

std::string say(const char* part, std::size_t count) {
  return std::string(part) + ": " + std::to_string(count) + " nodes";
}

void describe(const NodeTable& nodes, const graph::EdgeList& list, const DataSpec& spec,
              std::vector<std::string>& sentences) {
  int64_t alone = 0, unlabelled = 0;
  for (std::size_t i = 0; i < nodes.ids.size(); ++i) {
    alone += list.offsets[i + 1] - list.offsets[i] == 1 ? 1 : 0;
    unlabelled += nodes.labels[i] < 0 ? 1 : 0;
  }
  sentences.push_back("nodes: " + std::to_string(nodes.size()) + ", " +
                      std::to_string(nodes.features.width) +
                      (nodes.features.words() ? " features by index, " : " features, ") +
                      std::to_string(nodes.label_names.size()) + " labels; " +
                      std::to_string(unlabelled) + " nodes have no label");
  sentences.push_back(
      "edges: " + std::to_string(list.size()) + " directed ones, each node itself " + "among them" +
      (spec.nodes.directed ? "" : ", both directions") + "; " + std::to_string(alone) +
      " nodes meet themselves alone" + (list.log_gates.empty() ? "" : "; with weights"));
}

}  // namespace

Prepared prepare_nodes(const DataSpec& spec, torch::Device device) {
  if (!spec.valid.empty() || !spec.test.empty()) {
    throw InputError(
        "--nodes: a column `split` says which nodes validate and test, and --valid or "
        "--test came");
  }
  const auto nodes = read_nodes(spec.train, spec);
  const auto list = read_edges(spec, nodes);
  check_training(nodes);
  Prepared prepared;
  auto& encoding = prepared.encoding;
  encoding.task = &find_task("nodes");
  encoding.classes = nodes.label_names;
  encoding.max_length = nodes.size();
  encoding.channels = nodes.features.width;
  auto features = nodes.features;
  if (!features.words()) fit_numbers(features, nodes);
  encoding.nodes = std::make_shared<const NodeFeatures>(features);
  const auto graph = whole_graph(nodes, list, features, device);
  auto train = labelled(nodes, NodePart::kTrain);
  auto valid = nodes.parts.empty() ? std::vector<int64_t>() : labelled(nodes, NodePart::kValid);
  const auto test = nodes.parts.empty() ? std::vector<int64_t>() : labelled(nodes, NodePart::kTest);
  auto& sentences = prepared.sentences;
  describe(nodes, list, spec, sentences);
  std::string held_out;
  if (valid.empty()) {
    auto out = hold_out_nodes(spec, nodes, std::move(train));
    train = std::move(out.train);
    valid = std::move(out.valid);
    held_out = std::move(out.sentence);
  }
  sentences.push_back(say("train", train.size()));
  sentences.push_back(say("valid", valid.size()));
  if (!test.empty()) sentences.push_back(say("test", test.size()));
  if (!held_out.empty()) sentences.push_back(held_out);
  const auto part = [&](std::vector<int64_t> some) {
    return std::make_shared<NodeDataset>(graph, with_labels(nodes, std::move(some), device));
  };
  prepared.train = part(std::move(train));
  prepared.valid = part(std::move(valid));
  if (!test.empty()) prepared.test = part(test);
  return prepared;
}

std::shared_ptr<const Dataset> prepare_new_nodes(const std::vector<std::string>& paths,
                                                 const DataSpec& spec, const Encoding& encoding,
                                                 torch::Device device, NodeLabels labels) {
  auto nodes = read_nodes(paths, spec);
  check_features(nodes, *encoding.nodes);
  const auto list = read_edges(spec, nodes);
  const auto graph = whole_graph(nodes, list, *encoding.nodes, device);
  if (labels == NodeLabels::kNone) {
    Counted all;
    for (int64_t i = 0; i < nodes.size(); ++i) all.nodes.push_back(i);
    return std::make_shared<NodeDataset>(graph, all);
  }
  map_node_labels(nodes, encoding.classes);
  std::vector<int64_t> some;
  for (int64_t i = 0; i < nodes.size(); ++i) {
    if (nodes.labels[static_cast<std::size_t>(i)] >= 0) some.push_back(i);
  }
  if (some.empty()) {
    throw InputError(nodes.file + ": labels of nodes were expected, and no node has one");
  }
  return std::make_shared<NodeDataset>(graph, with_labels(nodes, std::move(some), device));
}

}  // namespace regard::data
