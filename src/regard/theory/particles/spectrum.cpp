#include "regard/theory/particles/spectrum.hpp"

#include <cmath>

#include "regard/kernels/cpu/circle.hpp"
#include "regard/theory/particles/closed_form.hpp"

namespace regard::particles {
namespace {

constexpr double kTolerance = 1e-12;  // of the series
constexpr int64_t kFew = 256;         // points up to which pairs are faster

}  // namespace

SpectrumEngine::SpectrumEngine(const Spec& spec, double beta, const Cloud& start,
                               const kernels::ParallelFor& parallel)
    : StagedEngine(spec, beta, start, Mode::kStaged, parallel),
      coefficients_(scaled_bessel(beta, kernels::cpu::circle_modes(beta, kTolerance))) {}

Rates SpectrumEngine::rates(const Cloud& cloud, double log_scale, double* v) {
  const auto n = cloud.size();
  if (n <= kFew || model_.beta == 0) return StagedEngine::rates(cloud, log_scale, v);
  std::vector<double> angle(static_cast<std::size_t>(n)), turn(angle.size()), z(angle.size());
  for (int64_t i = 0; i < n; ++i) angle[i] = std::atan2(cloud.row(i)[1], cloud.row(i)[0]);
  kernels::cpu::circle_velocity(
      {n, angle.data(), cloud.mass.data(), model_.beta, model_.kind == Kind::kSa,
       static_cast<int64_t>(coefficients_.size()) - 1, coefficients_.data()},
      turn.data(), z.data(), parallel_);
  for (int64_t i = 0; i < n; ++i) {
    v[2 * i] = -turn[i] * cloud.row(i)[1];
    v[2 * i + 1] = turn[i] * cloud.row(i)[0];
  }
  return finish_rates(cloud, z, log_scale, v);
}

}  // namespace regard::particles
