// The learning rate as a pure function of the step.
//
//   warm-up       lr (s + 1) / w                              for s < w
//   constant      lr
//   cosine        min + (lr - min) (1 + cos(pi u)) / 2        u = (s - w) / (n - w)
//   linear        lr + (min - lr) u
//   exponential   lr (min / lr)^u
//   inverse_sqrt  max(min, lr sqrt(w / (s + 1)))              w at least 1
#pragma once

#include <cstdint>
#include <string>

#include "regard/train/spec.hpp"

namespace regard::train {

class Schedule {
 public:
  /// `steps` is the length n of the run, whose warm-up w is Spec::warmup_steps(n); 0 when only a
  /// time ends it, and then at() needs a progress.
  Schedule(const Spec& spec, int64_t steps);

  /// The rate of step s, counted from 0. A `progress` in [0, 1] of 0 or more stands for s / n.
  double at(int64_t step, double progress = -1) const;

  /// A sentence where the warm-up does not end within the run, else "".
  std::string remark() const;

 private:
  enum class Shape { kConstant, kCosine, kLinear, kExponential, kInverseSqrt };
  Shape shape_;
  double lr_, min_lr_;
  int64_t warmup_, steps_;
};

}  // namespace regard::train
