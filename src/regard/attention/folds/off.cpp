#include "regard/attention/folds/off.hpp"

#include "regard/attention/rows.hpp"

#include "regard/base/error.hpp"

namespace regard::attention::folds {
using torch::Tensor;

namespace {

// v of each query's own position: the last query sits at the last key. (B, h, T_q, d)
Tensor own_values(const Inputs& x) {
  const auto v = expand_heads(x.v, x.heads);
  if (x.queries > v.size(2)) {
    throw InputError("off: at most as many queries as keys were expected, and " +
                     std::to_string(x.queries) + " queries and " + std::to_string(v.size(2)) +
                     " keys came");
  }
  return v.narrow(2, v.size(2) - x.queries, x.queries);
}

// Nothing to remember.
class OffDecoder final : public Decoder {
 public:
  Tensor step(const Tensor&, const Tensor&, const Tensor& v, const Tensor&) override { return v; }
};

ops::Support can_identity(const ops::Problem& p) {
  if (!p.ragged || p.queries == p.keys) return ops::Support::yes();
  return ops::Support::no("lengths with as many queries as keys are needed");
}

}  // namespace

Tensor Off::reference(const Inputs& x, const Tensor& mask) const {
  const auto own = own_values(x);
  // Row i sits on the diagonal that ends in the corner.
  return own * mask.diagonal(x.v.size(2) - x.queries, 2, 3).unsqueeze(-1);  // (B, h, T_q, d)
}

std::vector<Kernel> Off::kernels() const {
  return {{"identity", can_identity,
           [](const Inputs& x) { return clear_padding(own_values(x), x); }, true}};
}

WeightMap Off::weights(const Inputs& x) const {
  const auto self = at::eye(x.v.size(2), x.v.options()).slice(0, x.v.size(2) - x.queries);
  return {self.expand({x.v.size(0), x.heads, x.queries, x.v.size(2)}), false};
}

Cost Off::cost(const ops::Problem& p) const { return {0, io_bytes(p, uses())}; }

std::unique_ptr<Decoder> Off::decoder(const graph::Graph&) const {
  return std::make_unique<OffDecoder>();
}

std::unique_ptr<Fold> make_off() { return std::make_unique<Off>(); }

}  // namespace regard::attention::folds
