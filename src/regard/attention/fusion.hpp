// A composition of the three axes that is computed at once, where a part of one axis reaches into
// another (a basis folded into the projection's weights, say). It is a claim about the plain
// composition, which is its reference.
#pragma once

#include <memory>
#include <string>

#include "regard/attention/phrase.hpp"
#include "regard/attention/positions.hpp"
#include "regard/ops/block/branch.hpp"

namespace regard::attention {

/// What an attention is made of, as a fusion reads it.
struct Parts {
  const Phrase& phrase;
  const Size& size;
  const Parameters& projection;  // in the order of Projection::parameters
  const Parameters& fold;
  const Positions* positions;                  // nullptr: none
  const torch::Tensor &out_weight, &out_bias;  // W_o (H, h d) and b_o (H), or undefined
};

class Fusion {
 public:
  virtual ~Fusion() = default;
  virtual std::string summary() const = 0;
  /// Whether it computes this composition for the problem, and why not.
  virtual ops::Support can(const Phrase& phrase, const Size& size,
                           const ops::Problem& problem) const = 0;
  /// The attention of a call on its graph, W_o included: (B, T_q, H), b_o apart.
  virtual ops::Branch run(const Call& call, const graph::Graph& graph,
                          const Parts& parts) const = 0;
};

const std::vector<Entry<Fusion>>& all_fusions();

struct NamedFusion {
  std::string name;
  std::unique_ptr<const Fusion> entry;
};
/// All of them, made once, in the order in which they are tried.
const std::vector<NamedFusion>& fusion_table();

/// The problem of a call, before its projection is computed.
ops::Problem problem_of(const Call& call, const graph::Graph& graph, const Size& size);

/// Adds to q, k and v what the call brings (lengths, dropout, random numbers), the parameters of
/// the fold, and the bias of `positions` (nullptr: none).
void complete_inputs(Inputs& x, const Call& call, const Parameters& fold,
                     const Positions* positions);

/// y (B, h, T, d) with its heads beside each other: (B, T, h d).
torch::Tensor merge_heads(const torch::Tensor& y);

}  // namespace regard::attention
