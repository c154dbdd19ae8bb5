// A cell's first n cycles as tokens with an identity: where in voltage, and when.
//
//   D_j(V) = asinh( (Q_{k_j}(V) - Q_10(V)) / 2 mAh )          k_j = 10 + j (n - 10) / 3,  j = 1, 2,
//   3
//
// Each Q_k is the median of the curves near cycle k. Every D_j is cut into five patches of twenty
// voltages, which are fifteen tokens; the place of a token is its voltage and its cycle. A last
// token holds the summary.
#pragma once

#include <vector>

#include "regard/battery/cell.hpp"

namespace regard::battery {

inline constexpr int64_t kGrid = 100;   // voltages of Q(V)
inline constexpr int64_t kPatch = 20;   // voltages in a token
inline constexpr int64_t kMoments = 3;  // cycles compared with cycle 10
inline constexpr int64_t kTokenPatches = kMoments * kGrid / kPatch;
/// log10 variance and log10 |min| of Q_n - Q_10; capacity at cycle 2 (Ah); its largest rise after
/// that (Ah).
inline constexpr int64_t kSummary = 4;

struct Tokens {
  std::vector<double> patches;  // (kTokenPatches * kPatch), cycle-major
  std::vector<double> summary;  // (kSummary)
};

/// The voltages of the Severson set's curves, from 3.6 V down, on which every model is trained.
std::vector<double> token_voltages();

/// Curves on other voltages are interpolated. InputError when n < 20, or when the cell has no
/// curves near cycle 2, 10 and n, or when its voltages do not span those of token_voltages() to
/// within 0.1 V.
Tokens make_tokens(const Cell& cell, int64_t n);

/// False when make_tokens would refuse for want of curves: only capacities are known.
bool has_tokens(const Cell& cell, int64_t n);

}  // namespace regard::battery
