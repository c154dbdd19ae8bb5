#include "regard/attention/fusion.hpp"

#include <ATen/autocast_mode.h>

namespace regard::attention {

const std::vector<NamedFusion>& fusion_table() {
  static const auto made = [] {
    std::vector<NamedFusion> all;
    for (const auto& entry : all_fusions()) all.push_back({entry.name, entry.make()});
    return all;
  }();
  return made;
}

ops::Problem problem_of(const Call& call, const graph::Graph& graph, const Size& size) {
  const auto device = call.x.device().type();
  return {
      .batch = call.x.size(0),
      .heads = size.heads,
      .kv_heads = size.heads,
      .queries = call.x.size(1),
      .keys = call.source().size(1),
      .width = size.head_width,
      .dtype = at::autocast::is_autocast_enabled(device) && call.x.scalar_type() != torch::kDouble
                   ? at::autocast::get_autocast_dtype(device)
                   : call.x.scalar_type(),
      .device = device,
      .graph = graph,
      .ragged = call.query_lengths.defined() || call.key_lengths.defined(),
      .bias = false,
      .dropout = call.dropout.rate > 0 && call.random != nullptr};
}

void complete_inputs(Inputs& x, const Call& call, const Parameters& fold,
                     const Positions* positions) {
  x.query_lengths = call.query_lengths;
  x.key_lengths = call.key_lengths;
  x.dropout = call.dropout;
  x.random = call.random;
  x.parameters = fold;
  if (positions == nullptr || !positions->biases()) return;
  x.bias = positions->bias(x.queries, x.keys(), x.v.options()).unsqueeze(0);
}

torch::Tensor merge_heads(const torch::Tensor& y) {
  return y.transpose(1, 2).reshape({y.size(0), y.size(2), y.size(1) * y.size(3)});
}

}  // namespace regard::attention
