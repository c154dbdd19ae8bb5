// q = k = x W_qk + b_qk, v = x W_v + b_v: scores are symmetric (Courtois et al., arXiv 2406.06366).
#pragma once

#include "regard/attention/projection.hpp"

namespace regard::attention::projections {

class Symmetric final : public Projection {
 public:
  std::string summary() const override { return "one matrix for queries and keys"; }
  std::string equation() const override { return "q = k = x W_qk + b_qk, v = x W_v + b_v"; }
  std::vector<ParameterSpec> parameters(const Size& size) const override;
  Qkv all(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  torch::Tensor query(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  KeyValue key_value(const Parameters& p, const Size& size,
                     const torch::Tensor& memory) const override;
  bool values_are_separate() const override { return true; }
  Parameters expand(const Parameters& p, const Size& size) const override;
};

std::unique_ptr<Projection> make_symmetric();

}  // namespace regard::attention::projections
