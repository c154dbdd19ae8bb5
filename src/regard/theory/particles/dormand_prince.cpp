#include "regard/theory/particles/dormand_prince.hpp"

namespace regard::particles {
namespace {

constexpr double kA[7][6] = {
    {},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};

constexpr double kError[7] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                              -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

constexpr double kDense[7] = {-12715105075.0 / 11282082432,  0,
                              87487479700.0 / 32700410799,   -10690763975.0 / 1880347072,
                              701980252875.0 / 199316789632, -1453857185.0 / 822651844,
                              69997945.0 / 29380423};

}  // namespace

void DormandPrince::step(const Slope& f, const Values& y0, const Values& k1, double h) {
  const std::size_t n = y0.size();
  h_ = h;
  start_ = y0;
  k_[0] = k1;
  stage_.resize(n);
  for (auto& k : k_) k.resize(n);
  for (int s = 1; s < 7; ++s) {
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (int r = 0; r < s; ++r) sum += kA[s][r] * k_[r][i];
      stage_[i] = y0[i] + h * sum;
    }
    f(stage_, k_[s]);
  }
  end_ = stage_;  // the last stage stands at the end of the step
  error_.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int s = 0; s < 7; ++s) sum += kError[s] * k_[s][i];
    error_[i] = h * sum;
  }
}

double DormandPrince::at(double theta, std::size_t i) const {
  const double change = end_[i] - start_[i];
  const double bend = h_ * k_[0][i] - change;
  double last = 0;
  for (int s = 0; s < 7; ++s) last += kDense[s] * k_[s][i];
  const double back = 1 - theta, third = change - h_ * k_[6][i] - bend;
  return start_[i] + theta * (change + back * (bend + theta * (third + back * h_ * last)));
}

}  // namespace regard::particles
