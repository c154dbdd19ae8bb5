#include "regard/attention/folds/off.hpp"

#include "regard/attention/rows.hpp"

namespace regard::attention::folds {
using torch::Tensor;

Tensor Off::reference(const Inputs& x, const Tensor& mask) const {
  // The last query aligns with the last key: row i sits on the diagonal that ends in the corner.
  const int64_t shift = x.v.size(2) - x.queries;
  const auto self = mask.diagonal(shift, 2, 3).unsqueeze(-1);  // (B, 1, T_q, 1)
  return x.v.narrow(2, shift, x.queries) * self;
}

std::vector<Kernel> Off::kernels() const {
  return {{"identity", [](const ops::Problem&) { return ops::Support::yes(); },
           [](const Inputs& x) {
             const auto v = expand_heads(x.v, x.heads);
             return clear_padding(v.narrow(2, v.size(2) - x.queries, x.queries), x);
           }}};
}

WeightMap Off::weights(const Inputs& x) const {
  const auto self = at::eye(x.v.size(2), x.v.options()).slice(0, x.v.size(2) - x.queries);
  return {self.expand({x.v.size(0), x.heads, x.queries, x.v.size(2)}), false};
}

Cost Off::cost(const ops::Problem& p) const { return {0, io_bytes(p, uses())}; }

std::unique_ptr<Fold> make_off() { return std::make_unique<Off>(); }

}  // namespace regard::attention::folds
