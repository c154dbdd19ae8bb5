// q, k and v of three matrices as one packed tensor: one product, and one kernel for positions that
// map q and k, instead of one for each.
//
//   qkv = x [W_q W_k W_v] + [b_q b_k b_v],   qkv (B, T, 3, h, d)
#pragma once

#include "regard/attention/fusion.hpp"

namespace regard::attention::fusions {

class PackedQkv final : public Fusion {
 public:
  std::string summary() const override {
    return "separate with q, k and v in one tensor, on which rotary positions act at once";
  }
  ops::Support can(const Phrase& phrase, const Size& size,
                   const ops::Problem& problem) const override;
  ops::Branch run(const Call& call, const graph::Graph& graph, const Parts& parts) const override;
};

std::unique_ptr<Fusion> make_packed_qkv();

}  // namespace regard::attention::fusions
