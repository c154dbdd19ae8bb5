// q = x W_q + b_q, k = x W_k + b_k, v = x W_v + b_v: three matrices, kept as one parameter for one
// product.
#pragma once

#include "regard/attention/projection.hpp"

namespace regard::attention::projections {

class Separate final : public Projection {
 public:
  std::string summary() const override { return "three matrices W_q, W_k, W_v"; }
  std::string equation() const override { return "q = x W_q, k = x W_k, v = x W_v"; }
  std::vector<ParameterSpec> parameters(const Size& size) const override;
  Qkv all(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  torch::Tensor query(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  KeyValue key_value(const Parameters& p, const Size& size,
                     const torch::Tensor& memory) const override;
  Parameters expand(const Parameters& p, const Size&) const override { return p; }
};

std::unique_ptr<Projection> make_separate();

}  // namespace regard::attention::projections
