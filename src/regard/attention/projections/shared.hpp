// One matrix for all three: s = x W_s + b_s.
//   form=diagonals:  q = s o d_q, k = s o d_k, v = s o d_v, with vectors d_q, d_k, d_v that start
//   at 1
//   form=plain:      q = k = v = s, as a graph attention network has it
#pragma once

#include "regard/attention/projection.hpp"

namespace regard::attention::projections {

class Shared final : public Projection {
 public:
  std::string form = "diagonals";

  std::string summary() const override { return "one matrix for queries, keys and values"; }
  std::string equation() const override {
    return "s = x W_s + b_s; q, k, v = s o d_q, s o d_k, s o d_v; plain: q = k = v = s";
  }
  void visit(Visitor& f) override {
    f("form", form, "diagonals: a vector for each of q, k and v; plain: none",
      {"diagonals", "plain"});
  }
  std::vector<ParameterSpec> parameters(const Size& size) const override;
  Qkv all(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  torch::Tensor query(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  KeyValue key_value(const Parameters& p, const Size& size,
                     const torch::Tensor& memory) const override;

 private:
  Qkv some(const Parameters& p, const Size& size, const torch::Tensor& x, const Uses& uses) const;
};

std::unique_ptr<Projection> make_shared();

}  // namespace regard::attention::projections
