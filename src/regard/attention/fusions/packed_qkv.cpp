#include "regard/attention/fusions/packed_qkv.hpp"

#include "regard/ops/attention/heads.hpp"
#include "regard/ops/block/linear.hpp"

namespace regard::attention::fusions {
using torch::Tensor;

ops::Support PackedQkv::can(const Phrase& phrase, const Size& size,
                            const ops::Problem& problem) const {
  if (phrase.projection_name != "separate") {
    return ops::Support::no("the projection is " + phrase.projection_name);
  }
  if (size.uses.count() != 3) return ops::Support::no("the fold does not read q, k and v");
  if (!problem.graph.one_sequence()) {
    return ops::Support::no("queries and keys of one sequence are needed");
  }
  if (ops::forced_kernel() == "reference") return ops::Support::no("the reference is forced");
  return ops::Support::yes();
}

ops::Branch PackedQkv::run(const Call& call, const graph::Graph& graph, const Parts& parts) const {
  const auto& size = parts.size;
  const auto y = ops::linear_deferred_bias(call.x, parts.projection[0],
                                           size.bias ? parts.projection[1] : Tensor());
  const auto rows = y.value.view({call.x.size(0), call.x.size(1), 3, size.heads, size.head_width});
  auto qkv = ops::with_bias_gradient({rows, y.bias});
  if (parts.positions && parts.positions->maps()) qkv = parts.positions->map_packed(qkv);
  const auto split = ops::split_heads(qkv);
  auto x = make_inputs(split[0], split[1], split[2], graph, "self-attention");
  complete_inputs(x, call, parts.fold, parts.positions);
  const auto out = attend(*parts.phrase.fold, parts.phrase.fold_name, x);
  return ops::linear_branch(merge_heads(out), parts.out_weight, parts.out_bias);
}

std::unique_ptr<Fusion> make_packed_qkv() { return std::make_unique<PackedQkv>(); }

}  // namespace regard::attention::fusions
