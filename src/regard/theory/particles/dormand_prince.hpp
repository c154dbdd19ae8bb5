// One step of Dormand and Prince's 5(4) pair (1980) with its dense output of order 4 (Shampine;
// Hairer, Norsett, Wanner, Solving ODEs I, II.6).
#pragma once

#include <functional>
#include <vector>

namespace regard::particles {

using Values = std::vector<double>;

class DormandPrince {
 public:
  /// dy/ds = f(y).
  using Slope = std::function<void(const Values& y, Values& slope)>;

  /// From y0 with slope k1 = f(y0) over a step of h.
  void step(const Slope& f, const Values& y0, const Values& k1, double h);

  const Values& end() const { return end_; }         // order 5
  const Values& end_slope() const { return k_[6]; }  // f(end)
  const Values& error() const { return error_; }     // order 5 less order 4
  /// y at the share 0 <= theta <= 1 of the step.
  double at(double theta, std::size_t i) const;

 private:
  double h_ = 0;
  Values start_, end_, error_, stage_;
  Values k_[7];
};

}  // namespace regard::particles
