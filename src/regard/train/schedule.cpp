#include "regard/train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "regard/base/error.hpp"

namespace regard::train {

Schedule::Schedule(const Spec& spec, int64_t steps)
    : lr_(spec.lr), min_lr_(spec.min_lr), warmup_(spec.warmup_steps(steps)), steps_(steps) {
  if (spec.schedule == "constant") {
    shape_ = Shape::kConstant;
  } else if (spec.schedule == "cosine") {
    shape_ = Shape::kCosine;
  } else if (spec.schedule == "linear") {
    shape_ = Shape::kLinear;
  } else if (spec.schedule == "exponential") {
    shape_ = Shape::kExponential;
    if (min_lr_ == 0) min_lr_ = lr_ / 100;
  } else if (spec.schedule == "inverse_sqrt") {
    shape_ = Shape::kInverseSqrt;
  } else {
    throw InputError("train: schedule \"" + spec.schedule + "\" is not known");
  }
}

double Schedule::at(int64_t step, double progress) const {
  if (step < warmup_) {
    return lr_ * static_cast<double>(step + 1) / static_cast<double>(warmup_);
  }
  const auto past = static_cast<double>(step - warmup_);
  double u = steps_ > warmup_ ? past / static_cast<double>(steps_ - warmup_) : 0.0;
  if (progress >= 0) u = progress;
  u = std::clamp(u, 0.0, 1.0);
  switch (shape_) {
    case Shape::kConstant:
      return lr_;
    case Shape::kCosine:
      return min_lr_ + (lr_ - min_lr_) * 0.5 * (1 + std::cos(std::numbers::pi * u));
    case Shape::kLinear:
      return lr_ + (min_lr_ - lr_) * u;
    case Shape::kExponential:
      return lr_ * std::pow(min_lr_ / lr_, u);
    case Shape::kInverseSqrt: {
      const auto w = static_cast<double>(std::max<int64_t>(warmup_, 1));
      return std::max(min_lr_, lr_ * std::sqrt(w / std::max(w, static_cast<double>(step + 1))));
    }
  }
  return lr_;
}

std::string Schedule::remark() const {
  if (steps_ == 0 || warmup_ <= steps_) return "";
  return "train.warmup = " + std::to_string(warmup_) + " is longer than the run of " +
         std::to_string(steps_) + " steps, which ends below the highest learning rate";
}

}  // namespace regard::train
