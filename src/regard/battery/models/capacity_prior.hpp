// Life from capacities alone: A and B of the first n cycles, held by what the curves of training
// cells look like.
//
//   ln life ~ N(mean, (w sd)^2),  ln B ~ N(mean, sd^2), B >= 1, of the training cells;  w = 2, or 3
//   for cells unlike them
//   loss_i = exp(A) (cycle_i - 1)^B + C + o + e_i,   A from life and B,   o ~ N(0, 0.005^2),   e ~
//   N(0, 0.003^2)
//
// The posterior is computed on a grid; o, the offset that the first measured cycle leaves, is
// integrated out. The likelihood is raised to a power below 1, because the errors of neighbouring
// cycles are alike: the power that predicts the lives of the training cells best, each with the
// prior of the others.
#pragma once

#include "regard/base/json.hpp"
#include "regard/battery/models/conformal.hpp"
#include "regard/battery/models/neighbourhood.hpp"

namespace regard::battery {

/// The posterior of one cell.
struct CapacityPosterior {
  std::vector<PowerLaw> curves;  // (G) grid points that have weight
  std::vector<double> lives, weights;
  double half_step = 1;  // factor from a grid point of life half way to the next; widens intervals

  double life_quantile(double p) const;
  /// Through the median life, with the mean ln B.
  Estimate centre() const;
  Range life(double level) const;
  Range loss(double cycle, double level) const;
};

class CapacityPrior {
 public:
  CapacityPrior() = default;
  /// From cells with whole records and fitted curves, as they look after n cycles; at least ten,
  /// InputError.
  CapacityPrior(const Examples& examples, const std::vector<Cell>& cells, int64_t n,
                double false_alarm);

  /// From cycles 2 to n. InputError when fewer than ten of them are recorded.
  CapacityPosterior posterior(const Cell& cell, int64_t n) const;
  /// Distance to the training cells in what their capacities of cycles 2 to n say.
  double distance(const Cell& cell, int64_t n) const;
  bool outside(const Cell& cell, int64_t n) const { return distance(cell, n) > near_.limit(); }
  double power() const { return power_; }

  Json to_json() const;
  static CapacityPrior from_json(const Json& json);

 private:
  struct Gaussian {
    double life = 0, b = 0;            // means of ln life, ln B
    double vl = 1, vb = 1, cross = 0;  // covariance
  };
  static Gaussian gaussian(const Examples& examples, std::size_t without);
  static CapacityPosterior posterior(const Cell& cell, int64_t n, const Gaussian& prior,
                                     double widen, double power);

  Gaussian prior_;
  double power_ = 0.1;
  Neighbourhood near_;
};

}  // namespace regard::battery
