#include "regard/attention/fusions/hrr_basis.hpp"

#include <ATen/ops/matmul.h>

#include <algorithm>

#include "regard/attention/folds/hrr.hpp"
#include "regard/attention/fourier.hpp"
#include "regard/ops/attention/bind_linear.hpp"
#include "regard/ops/attention/heads.hpp"
#include "regard/ops/block/linear.hpp"
#include "regard/ops/kept_constant.hpp"

namespace regard::attention::fusions {
using torch::Tensor;

namespace {

const folds::Hrr* find_hrr(const Phrase& phrase) {
  return dynamic_cast<const folds::Hrr*>(phrase.fold.get());
}

bool is_full(const graph::Graph& graph) { return graph.plain() && !graph.causal(); }

// q, k and v as (B, T, 3, h, d) in the basis u (d, d), each head's columns times u.
ops::DeferredBias project(const Call& call, const graph::Graph& graph, const Parts& parts,
                          const Tensor& u) {
  const auto& size = parts.size;
  const auto rows = [&](const Tensor& y) {
    return y.view({y.size(0), y.size(1), 3, size.heads, size.head_width});
  };
  ops::WeightAndBias layer{parts.projection[0], size.bias ? parts.projection[1] : Tensor()};
  if (parts.positions && parts.positions->maps()) {
    const auto y = ops::linear_deferred_bias(call.x, layer.weight, layer.bias);
    const auto mapped =
        parts.positions->map_packed(ops::with_bias_gradient({rows(y.value), y.bias}));
    return {at::matmul(mapped, ops::kept_constant(u, mapped.options())), {}};
  }
  // Rows of one head hold its d outputs: U^T on them gives outputs times U.
  layer = ops::change_basis(layer, u);
  const bool all = is_full(graph) && !call.key_lengths.defined();
  const auto y = all && find_hrr(parts.phrase)->memory == "own"
                     ? ops::linear_bind(call.x, layer, size.heads)
                     : ops::linear_deferred_bias(call.x, layer.weight, layer.bias);
  return {rows(y.value), y.bias, y.bindings};
}

}  // namespace

ops::Support HrrBasis::can(const Phrase& phrase, const Size& size,
                           const ops::Problem& problem) const {
  const auto* hrr = find_hrr(phrase);
  if (!hrr) return ops::Support::no("the fold is " + phrase.fold_name);
  if (phrase.projection_name != "separate") {
    return ops::Support::no("the projection is " + phrase.projection_name);
  }
  if (size.heads != problem.kv_heads) return ops::Support::no("k and v have fewer heads");
  const auto& forced = ops::forced_kernel();
  std::string why = "no kernel named \"" + forced + "\" works in the basis";
  for (const auto& kernel : hrr->basis_kernels()) {
    if (!forced.empty() && kernel.name != forced) continue;
    const auto answer = kernel.can(problem);
    if (answer.ok) return answer;
    why = answer.why;
  }
  return ops::Support::no(why);
}

ops::Branch HrrBasis::run(const Call& call, const graph::Graph& graph, const Parts& parts) const {
  const auto& hrr = *find_hrr(parts.phrase);
  // Kept, since a copy from the host could not be recorded.
  const auto u = ops::kept_constant(fourier_basis(parts.size.head_width),
                                    parts.out_weight.options().requires_grad(false));
  const auto packed = project(call, graph, parts, u);
  const auto qkv = ops::split_heads(ops::with_bias_gradient(packed));
  auto x = make_inputs(qkv[0], qkv[1], qkv[2], graph, "self-attention");
  x.query_lengths = call.query_lengths;
  x.key_lengths = call.key_lengths;
  const auto kernels = hrr.basis_kernels();
  const auto& kernel = choose_kernel(kernels, problem_of(x), "hrr");
  ops::record_kernel("hrr:" + kernel.name);
  const Run run = [&](const Inputs& given) {
    const bool whole = kernel.name != "folded" && given.q.is_same(x.q) && given.v.is_same(x.v);
    if (!whole) return kernel.run(given);
    return ops::hrr_packed(packed, call.key_lengths, hrr.kernel_options(graph.causal()));
  };
  const auto y = run_kernel(hrr, kernel, x, run);
  return ops::linear_branch(merge_heads(y),
                            ops::change_basis(parts.out_weight, u, ops::BasisSide::kColumns),
                            parts.out_bias);
}

std::unique_ptr<Fusion> make_hrr_basis() { return std::make_unique<HrrBasis>(); }

}  // namespace regard::attention::fusions
