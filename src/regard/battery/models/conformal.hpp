// Intervals of life and bands of the curve from residuals of cells that a model had not seen.
//
//   s(d)  = 1 + beta d                                                      how much harder a cell
//   at distance d is
//   life:   |ln life - ln life'| <= s(d) q            q: the quantile of |residual| / s(d_i) over
//   held-out cells
//   curve:  loss(u life') - loss'(u life') in s(d) [q_low(u), q_high(u)]    u = cycle / predicted
//   life
//
// Split-conformal prediction (Lei et al., JASA 113, 1094, 2018) on normalised cross-validation
// residuals: ranks ceil((n + 1) p). The residuals come from both k-fold and leave-one-batch-out,
// since a user's cells are a new batch.
// beta is the maximum-likelihood scale of Laplace-distributed residuals.
#pragma once

#include <vector>

#include "regard/base/json.hpp"
#include "regard/battery/cell.hpp"
#include "regard/battery/models/model.hpp"

namespace regard::battery {

/// A training cell as it was predicted by a model that had not seen it.
struct HeldOut {
  Cell cell;        // with its whole record
  Example example;  // with the fitted curve, which stands for cycles beyond the record
  Estimate estimate;
  double distance = 0;
};

struct Range {
  double low = kMissing, high = kMissing;
  bool holds(double value) const { return low <= value && value <= high; }
};

class Calibration {
 public:
  Calibration() = default;
  /// InputError with fewer than ten cells that have an estimate.
  explicit Calibration(const std::vector<HeldOut>& cells);

  /// `level` in (0, 1): the share of future cells that the interval of life is to hold.
  Range life(const Estimate& estimate, double distance, double level) const;
  /// Factor on life: life' / f .. life' f.
  double life_factor(double distance, double level) const;
  /// The band of the loss at one cycle, pointwise.
  Range loss(const Estimate& estimate, double distance, double cycle, double level) const;
  double beta() const { return beta_; }
  std::size_t cells() const { return life_.size(); }

  Json to_json() const;
  static Calibration from_json(const Json& json);

 private:
  double beta_ = 0;
  std::vector<double> life_;                // sorted |residual| / s
  std::vector<std::vector<double>> curve_;  // for each u, sorted signed residuals / s
};

/// The measured loss at a cycle, linear in between; beyond the record that of `beyond`, joined to
/// the last value.
double measured_loss(const Cell& cell, double cycle, const PowerLaw& beyond);

}  // namespace regard::battery
