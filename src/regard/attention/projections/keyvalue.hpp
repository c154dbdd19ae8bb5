// q = x W_q + b_q, k = v = x W_kv + b_kv: keys and values are the same rows, as GATv2 has it.
#pragma once

#include "regard/attention/projection.hpp"

namespace regard::attention::projections {

class KeyValueShared final : public Projection {
 public:
  std::string summary() const override { return "one matrix for keys and values"; }
  std::string equation() const override { return "q = x W_q + b_q, k = v = x W_kv + b_kv"; }
  std::vector<ParameterSpec> parameters(const Size& size) const override;
  Qkv all(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  torch::Tensor query(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  KeyValue key_value(const Parameters& p, const Size& size,
                     const torch::Tensor& memory) const override;
};

std::unique_ptr<Projection> make_keyvalue();

}  // namespace regard::attention::projections
