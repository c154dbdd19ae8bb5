// One matrix for queries, keys and values (projections/shared.hpp) under a fold with scores q.k:
//   q = s o d_q o d_k, k = v = s, and d_v in W_o
// No keys nor values are made beside s.
#pragma once

#include "regard/attention/fusion.hpp"

namespace regard::attention::fusions {

class SharedRows final : public Fusion {
 public:
  std::string summary() const override {
    return "shared rows: both diagonals on the queries, that of the values in W_o";
  }
  ops::Support can(const Phrase& phrase, const Size& size,
                   const ops::Problem& problem) const override;
  ops::Branch run(const Call& call, const graph::Graph& graph, const Parts& parts) const override;
};

std::unique_ptr<Fusion> make_shared_rows();

}  // namespace regard::attention::fusions
