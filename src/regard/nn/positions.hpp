// Where a token is: tables added to embeddings, rotary maps of q and k, and ALiBi's score bias.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>

#include "regard/attention/positions.hpp"

namespace regard::nn {

/// (T, H): sin(t / 10000^(2i/H)) in even columns, cos in odd ones (Vaswani et al. 2017).
torch::Tensor sinusoidal_table(int64_t positions, int64_t width);

/// (T, H), H even, for the pixels of a square image in rows, T a square: place (r, c) has
/// sinusoidal_table(., H / 2) of r in its first half and of c in its second (Chen, Xie, He 2021).
/// Neighbours in a column are then as near as in a row.
torch::Tensor sinusoidal_grid(int64_t positions, int64_t width);

/// Whether this kind of positions holds a row for each place, and so ends at the maximal length.
bool has_table(const std::string& kind);

/// Rotary positions (Su et al. 2021) on x (B, h, T, d), d even, in halves: (a, b) -> (a cos - b
/// sin, b cos + a sin) with angle t / 10000^(2i/d), t = first, first + 1, ...
torch::Tensor rotate(const torch::Tensor& x, int64_t first);

/// qkv (B, T, 3, h, d) with q and k as rotate(., 0) leaves them and v as it is; by a kernel where
/// ops::can_rotate.
torch::Tensor rotate_packed(const torch::Tensor& qkv);

/// ALiBi slopes 2^(-8 i / h), i = 1 .. h, for h a power of two; else those of the next lower power
/// and every second of the next higher one (Press et al. 2022). (h)
torch::Tensor alibi_slopes(int64_t heads);

/// -slope |i - j|, (h, T_q, T_k), the last query at the last key.
torch::Tensor alibi_bias(int64_t heads, int64_t queries, int64_t keys,
                         const torch::TensorOptions& options);

/// What attention needs of the kind of positions ("rotary", "alibi"); others need nothing there:
/// nullptr.
std::shared_ptr<attention::Positions> attention_positions(const std::string& kind, int64_t heads);

}  // namespace regard::nn
