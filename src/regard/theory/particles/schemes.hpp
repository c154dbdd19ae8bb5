// The two schemes of the authors' public code, by name, as they are: faithful, and not recommended.
#pragma once

#include "regard/theory/particles/engine.hpp"

namespace regard::particles {

/// The trajectories of arXiv 2410.06833: x <- normalise(x + 0.1 softmax(b x x^T) x), without
/// projection onto the tangent space, which makes time run 1 / (1 + 0.1 <x, A>) slower: 11 % at the
/// five points.
class EulerScheme : public Engine {
 public:
  EulerScheme(const Spec& spec, double beta, const Cloud& start);
  bool step() override;

 private:
  static constexpr double kStep = 0.1;
  void link_and_record(double moved);
  double close_;
};

/// Its staircase: with g the gradient of E on the circle, theta <- theta + 1e-5 log b g / |g|, so
/// that the arc over log b grows by 1e-5 a step; where |g| < 1e-5 every pair nearer than 1e-3 is
/// set equal. It ends when nothing moves any more.
class UnitSpeedScheme : public Engine {
 public:
  UnitSpeedScheme(const Spec& spec, double beta, const Cloud& start);
  bool step() override;
  void visit(Archive& f) override;

 private:
  static constexpr double kStep = 1e-5, kSmall = 1e-5, kEqual = 1e-3;
  double gradient(std::vector<double>& g, double& energy) const;
  void set_equal();
  std::vector<double> angles_;
  double close_;
};

}  // namespace regard::particles
