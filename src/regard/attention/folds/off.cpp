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
  explicit OffDecoder(ReadRows read) : read_(std::move(read)) {}
  Tensor extend(const Tensor&, const std::vector<Tensor>& rows, const Tensor&) override {
    const auto v = read_(rows, seen_).v;
    seen_ += v.size(2);
    return v;
  }
  void select(const Tensor&) override {}
  int64_t bytes() const override { return 0; }

 private:
  ReadRows read_;
  int64_t seen_ = 0;
};

ops::Support can_identity(const ops::Problem& p) {
  if (p.graph.edges() && !p.graph.edges()->self) {
    return ops::Support::no("the edges need not hold each token itself");
  }
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
           [](const Inputs& x) { return clear_queries(own_values(x), x); }, true}};
}

WeightMap Off::weights(const Inputs& x) const {
  const auto self = at::eye(x.v.size(2), x.v.options()).slice(0, x.v.size(2) - x.queries);
  return {self.expand({x.v.size(0), x.heads, x.queries, x.v.size(2)}), false};
}

Cost Off::cost(const ops::Problem& p) const { return {0, io_bytes(p, uses())}; }

std::string Off::refusal(const graph::Graph& graph) const {
  if (graph.one_sequence()) return "";
  return "off gives each token its own value, which needs queries and keys of one sequence";
}

std::unique_ptr<Decoder> Off::make_decoder(const graph::Graph&, ReadRows read) const {
  return std::make_unique<OffDecoder>(std::move(read));
}

std::unique_ptr<Fold> make_off() { return std::make_unique<Off>(); }

}  // namespace regard::attention::folds
