#include "regard/attention/fusions/shared_rows.hpp"

#include "regard/attention/projections/shared.hpp"
#include "regard/ops/block/linear.hpp"
#include "regard/ops/place.hpp"

namespace regard::attention::fusions {
using torch::Tensor;

namespace {

const projections::Shared* shared_of(const Phrase& phrase) {
  return dynamic_cast<const projections::Shared*>(phrase.projection.get());
}

// W_o with the columns of each channel times d_v, in the type of its product: made anew in each
// step, it must not enter the plan of prepared weights.
Tensor scaled_out(const Tensor& weight, const Tensor& d_v, const Tensor& x) {
  if (!d_v.defined()) return weight;
  const auto place = ops::place_of(x);
  const auto scaled = weight * d_v.unsqueeze(0);
  return ops::half_on_gpu(place).ok ? scaled.to(place.product) : scaled;
}

}  // namespace

ops::Support SharedRows::can(const Phrase& phrase, const Size& size,
                             const ops::Problem& problem) const {
  if (!shared_of(phrase)) {
    return ops::Support::no("the projection is " + phrase.projection_name);
  }
  // Scores of other folds are no product of q and k, or their outputs not linear in v.
  if (phrase.fold_name != "softmax" && phrase.fold_name != "sigmoid") {
    return ops::Support::no("the fold is " + phrase.fold_name);
  }
  if (size.uses.count() != 3) return ops::Support::no("the fold does not read q, k and v");
  if (!problem.graph.one_sequence()) {
    return ops::Support::no("queries and keys of one sequence are needed");
  }
  if (problem.mapped) return ops::Support::no("positions map queries and keys (rotary)");
  if (ops::forced_kernel() == "reference") return ops::Support::no("the reference is forced");
  return ops::Support::yes();
}

ops::Branch SharedRows::run(const Call& call, const graph::Graph& graph, const Parts& parts) const {
  const auto& size = parts.size;
  const auto d = shared_of(parts.phrase)->diagonals(parts.projection, size);
  const auto s =
      ops::linear(call.x, parts.projection[0], size.bias ? parts.projection[1] : Tensor())
          .view({call.x.size(0), call.x.size(1), size.heads, size.head_width})
          .transpose(1, 2);
  const auto q =
      !d.q.defined()
          ? s
          : s * (d.q * d.k).to(s.scalar_type()).view({1, size.heads, 1, size.head_width});
  auto x = make_inputs(q, s, s, graph, "self-attention");
  complete_inputs(x, call, parts.fold, parts.positions);
  const auto out = attend(*parts.phrase.fold, parts.phrase.fold_name, x);
  return ops::linear_branch(merge_heads(out), scaled_out(parts.out_weight, d.v, call.x),
                            parts.out_bias);
}

std::unique_ptr<Fusion> make_shared_rows() { return std::make_unique<SharedRows>(); }

}  // namespace regard::attention::fusions
