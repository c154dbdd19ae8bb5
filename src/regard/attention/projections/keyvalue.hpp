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
  bool values_are_separate() const override { return true; }
  Parameters expand(const Parameters& p, const Size& size) const override;

  /// Kept once, and read as both. A key that is mapped by its position is no value: mapped on
  /// reading.
  int64_t kept(const Size& size) const override;
  Extension extend(const Parameters& p, const Size& size, const torch::Tensor& x) const override;
  KeyValue read(const Parameters& p, const Size& size,
                const std::vector<torch::Tensor>& rows) const override;
  bool keeps_keys() const override { return false; }
};

std::unique_ptr<Projection> make_keyvalue();

}  // namespace regard::attention::projections
