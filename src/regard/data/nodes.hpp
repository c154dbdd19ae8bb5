// One graph of nodes as data: every batch is the whole graph, and a part decides which nodes count.
#pragma once

#include "regard/data/prepare.hpp"

namespace regard::data {

/// InputError where nodes come without edges, edges without nodes, or no node has a label.
Prepared prepare_nodes(const DataSpec& spec, torch::Device device);

enum class NodeLabels { kRead, kNone };

/// New nodes for a trained run. `kRead`: those with labels count; `kNone`: all do, without targets.
std::shared_ptr<const Dataset> prepare_new_nodes(const std::vector<std::string>& nodes,
                                                 const DataSpec& spec, const Encoding& encoding,
                                                 torch::Device device, NodeLabels labels);

}  // namespace regard::data
