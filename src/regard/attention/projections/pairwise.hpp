// q = x W_q + b_q, k = q U_h with a matrix U_h (d, d) a head, v = x W_v + b_v: the "pairwise
// coefficients" of Courtois et al., arXiv 2406.06366, in the form that their parameter count gives.
#pragma once

#include "regard/attention/projection.hpp"

namespace regard::attention::projections {

class Pairwise final : public Projection {
 public:
  std::string summary() const override { return "keys from queries, by a small matrix a head"; }
  std::string equation() const override { return "q = x W_q + b_q, k = q U_h, v = x W_v + b_v"; }
  std::vector<ParameterSpec> parameters(const Size& size) const override;
  Qkv all(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  torch::Tensor query(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  KeyValue key_value(const Parameters& p, const Size& size,
                     const torch::Tensor& memory) const override;
  bool values_are_separate() const override { return true; }
  Parameters expand(const Parameters& p, const Size& size) const override;
};

std::unique_ptr<Projection> make_pairwise();

}  // namespace regard::attention::projections
