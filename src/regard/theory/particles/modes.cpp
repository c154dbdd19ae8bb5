#include "regard/theory/particles/modes.hpp"

#include <cmath>
#include <numbers>

#include "regard/kernels/cpu/particles.hpp"
#include "regard/theory/particles/closed_form.hpp"

namespace regard::particles {

int64_t fastest_wave(const Model& model) {
  const auto last = static_cast<int64_t>(4 * std::sqrt(2 * model.beta)) + 4;
  const auto bessel = scaled_bessel(model.beta, last);
  int64_t best = 1;
  const auto rate = [&](int64_t k) {
    return static_cast<double>(k * k) * bessel[static_cast<std::size_t>(k)];
  };
  for (int64_t k = 2; k <= last; ++k) {
    if (rate(k) > rate(best)) best = k;
  }
  return best;
}

double measured_growth(const Model& model, int64_t k, int64_t n) {
  const double wave = 1e-6 / static_cast<double>(k);
  std::vector<double> x, mass(static_cast<std::size_t>(n), 1.0 / static_cast<double>(n));
  for (int64_t j = 0; j < n; ++j) {
    const double at = 2 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(n);
    const double angle = at + wave * std::cos(static_cast<double>(k) * at);
    x.push_back(std::cos(angle));
    x.push_back(std::sin(angle));
  }
  std::vector<double> v(x.size());
  kernels::cpu::particle_velocity<double>(
      {n, 2, x.data(), mass.data(), model.beta, model.kind == Kind::kSa}, v.data(), nullptr,
      kernels::run_serially);
  double sum = 0;
  for (int64_t j = 0; j < n; ++j) {
    const double at = 2 * std::numbers::pi * static_cast<double>(j) / static_cast<double>(n);
    const double turn = v[2 * j + 1] * x[2 * j] - v[2 * j] * x[2 * j + 1];
    sum += turn * std::cos(static_cast<double>(k) * at);
  }
  return 2 * sum / static_cast<double>(n) / wave;
}

}  // namespace regard::particles
