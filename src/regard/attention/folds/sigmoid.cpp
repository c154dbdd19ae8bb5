#include "regard/attention/folds/sigmoid.hpp"

#include <cmath>

#include "regard/attention/rows.hpp"
#include "regard/attention/window_blocks.hpp"

namespace regard::attention::folds {
using torch::Tensor;

Tensor Sigmoid::reference(const Inputs& x, const Tensor& mask) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(x.q.size(3)));
  auto scores = at::matmul(x.q, x.k.transpose(2, 3)) * scale;  // (B, h, T_q, T_k)
  if (x.bias.defined()) scores = scores + x.bias;
  const auto count = mask.sum(-1, true, torch::kDouble).clamp_min(1);  // (B, 1, T_q, 1)
  const auto weights = at::sigmoid(scores - count.log().to(scores.scalar_type())) * mask;
  return at::matmul(drop_weights(weights, x), x.v);
}

namespace {

// Scores, weights and the sum over keys in the type of sums, whatever the storage.
Tensor weigh(const Inputs& x, const Tensor& mask) {
  const auto type = sum_type(x.v.scalar_type());
  const auto k = expand_heads(x.k, x.heads).to(type), v = expand_heads(x.v, x.heads).to(type);
  const auto q = x.q.to(type) * (1.0 / std::sqrt(static_cast<double>(x.q.size(3))));
  auto shift = mask.sum(-1, true, type).clamp_min(1).log().neg();  // (B, 1, T_q, 1)
  if (x.bias.defined()) shift = shift + x.bias.to(type);           // (B, h, T_q, T_k)
  const auto weights =
      at::matmul(q, k.transpose(2, 3)).add(shift).sigmoid().masked_fill(~mask, 0.0);
  return at::matmul(weights, v).to(x.v.scalar_type());
}

ops::Support can_dense(const ops::Problem& p) {
  if (p.graph.edges()) return ops::Support::no("the graph is edges");
  auto wide = p;
  wide.dtype = sum_type(p.dtype);
  return reference_fits(wide);
}

}  // namespace

std::vector<Kernel> Sigmoid::kernels() const {
  return {{"blocks", can_block_window, [](const Inputs& x) { return block_window(x, weigh); }},
          {"dense", can_dense, [](const Inputs& x) { return weigh(x, dense_mask(x)); }}};
}

std::unique_ptr<Fold> make_sigmoid() { return std::make_unique<Sigmoid>(); }

}  // namespace regard::attention::folds
