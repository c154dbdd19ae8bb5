// Where ageing turns from slow to fast: knee onset and knee point.
//
//   knee point   k:   y = b0 + b1 (x - k) + b2 |x - k|                      Bacon-Watts
//   knee onset   o:   y = b0 + b1 (x - o) + b2 |x - o| + b3 |x - e|,  o < e     double Bacon-Watts
//
// Definition of Fermin-Cueto et al., Energy and AI 1, 100006 (2020), with their transition tanh((x
// - k)/g) in its limit g -> 0. y is the loss, x the cycle, the breaks are those of least squares.
#pragma once

#include "regard/battery/cell.hpp"

namespace regard::battery {

/// Cycle numbers; kMissing where the record has no knee: the fade does not become more than twice
/// as fast at the point, or the record is shorter than 30 cycles. The onset is also kMissing where
/// the point is not between o and e.
struct Knee {
  double onset = kMissing, point = kMissing;
  bool found() const { return point == point; }
};

/// Both by least squares over all cycles after the first, each within one cycle. Records of more
/// than 500 cycles are averaged over neighbours first, so the breaks are searched among at most 500
/// values.
Knee find_knee(const Cell& cell);

}  // namespace regard::battery
