// The beginning of a residual stream as one differentiable operator: rows of a table for ids,
// positions, dropout, norm.
#pragma once

#include "regard/ops/block/add_norm.hpp"

namespace regard::ops {

/// What ops::embed takes (ops/embed.hpp): table (V, H), ids int64 (B, T), positions (T, H) or
/// undefined, and the type of the stream.
struct Embedded {
  torch::Tensor table, ids, positions;
  torch::ScalarType type;
};

/// x = dropout(embed(from)); h = norm(x), both (B, T, H); h of the type of autocast, or of x. On a
/// GPU one kernel where the table is fp32 and the width a multiple of 8, at most 1024, else the
/// operators one after the other; gradients of table and positions are those of ops::embed.
Normed embed_norm(const Embedded& from, const NormParameters& norm, double dropout,
                  const DropoutKey& key);

}  // namespace regard::ops
