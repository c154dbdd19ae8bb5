#include "regard/attention/self_attention.hpp"

#include <ATen/ops/matmul.h>

#include "regard/base/error.hpp"
#include "regard/ops/heads.hpp"
#include "regard/ops/kept_constant.hpp"
#include "regard/ops/linear.hpp"

namespace regard::attention {
using torch::Tensor;

SelfAttention::SelfAttention(Phrase phrase, const SelfAttentionOptions& options,
                             Positions positions)
    : phrase_(std::move(phrase)), options_(options), positions_(std::move(positions)) {
  if (options.heads < 1 || options.width % options.heads != 0) {
    throw InputError(
        "self-attention: a width divisible by the number of heads was expected, and width " +
        std::to_string(options.width) + " with " + std::to_string(options.heads) + " heads came");
  }
  check_meaning(phrase_, options.causal);
  if (positions_.bias && !phrase_.fold->has_scores()) {
    throw InputError(
        "phrase \"" + phrase_.canonical +
        "\": positions by a score bias (alibi) need a fold with pairwise scores, and " +
        phrase_.fold_name + " has none; use learned, sinusoidal, rotary or none");
  }
  projection_ = register_module(
      "projection", phrase_.projection->build({.model_width = options.width,
                                               .heads = options.heads,
                                               .head_width = options.width / options.heads,
                                               .uses = phrase_.fold->uses(),
                                               .bias = options.bias}));
  out_ = register_module(
      "out",
      torch::nn::Linear(torch::nn::LinearOptions(options.width, options.width).bias(options.bias)));
}

const Tensor& SelfAttention::basis() {
  const auto& weight = out_->weight;
  if (!basis_.defined() || basis_.device() != weight.device() ||
      basis_.scalar_type() != weight.scalar_type()) {
    basis_ = phrase_.fold->basis(options_.width / options_.heads);
    if (basis_.defined()) basis_ = basis_.to(weight.options().requires_grad(false));
  }
  return basis_;
}

bool SelfAttention::rotate_packed(Qkv& projected) {
  if (!positions_.rotate_packed || phrase_.fold->uses().count() != 3) return false;
  if (!projected.packed.value.defined()) return false;
  auto turned = positions_.rotate_packed(ops::settle(projected.packed));
  if (const auto u = phrase_.fold->basis(turned.size(4)); u.defined()) {
    turned = at::matmul(turned, ops::kept_constant(u, turned.options()));
  }
  const auto all = ops::split_heads(turned);
  projected = {all[0], all[1], all[2], {turned, {}}};
  return true;
}

Inputs SelfAttention::project(const Tensor& x, const Tensor& lengths, bool in_basis) {
  // The basis goes into the weights unless rotary has to act between projection and basis.
  const bool rotary = static_cast<bool>(positions_.rotate);
  const auto into = in_basis && !rotary ? basis() : Tensor();
  const auto graph = phrase_.graph->make(options_.causal);
  const bool all = !lengths.defined() && !graph.causal && !graph.banded();
  auto projected = projection_->forward(
      x, {.basis = into, .bound = all && into.defined() && phrase_.fold->reads_bound()});
  auto& [q, k, v, packed] = projected;
  const bool in_one = rotary && in_basis && rotate_packed(projected);
  if (rotary && !in_one) {
    if (q.defined()) q = positions_.rotate(q, 0);
    if (k.defined()) k = positions_.rotate(k, 0);
  }
  auto inputs = make_inputs(q, k, v, graph, "self-attention");
  inputs.lengths = lengths;
  if ((!rotary || in_one) && phrase_.fold->uses().count() == 3) inputs.packed = packed;
  inputs.in_basis = into.defined() || (in_one && basis().defined());
  if (positions_.bias) {
    inputs.bias = positions_.bias(x.size(1), x.size(1), v.options()).unsqueeze(0);
  }
  return inputs;
}

ops::Branch SelfAttention::branch(const Tensor& x, const Tensor& lengths) {
  const auto inputs = project(x, lengths, true);
  const auto y =
      attend(*phrase_.fold, phrase_.fold_name, inputs).transpose(1, 2).reshape(x.sizes());
  if (!inputs.in_basis) return ops::linear_branch(y, out_->weight, out_->bias);
  // y U^T W_o = y (U^T W_o): columns of one head times U, in the layout (out, in) of Linear.
  return ops::linear_branch(y, ops::change_basis(out_->weight, basis(), ops::BasisSide::kColumns),
                            out_->bias);
}

std::unique_ptr<Decoder> SelfAttention::start() const {
  return phrase_.fold->decoder(phrase_.graph->make(true));
}

Tensor SelfAttention::step(const Tensor& x, Decoder& decoder, int64_t position) {
  auto [q, k, v, packed] = projection_->forward(x, {});
  if (positions_.rotate && q.defined()) q = positions_.rotate(q, position);
  if (positions_.rotate && k.defined()) k = positions_.rotate(k, position);
  const auto bias = positions_.bias ? positions_.bias(1, position + 1, v.options()) : Tensor();
  return out_->forward(decoder.step(q, k, v, bias).transpose(1, 2).reshape(x.sizes()));
}

WeightMap SelfAttention::weights(const Tensor& x, const Tensor& lengths) {
  return phrase_.fold->weights(project(x, lengths, false));
}

}  // namespace regard::attention
