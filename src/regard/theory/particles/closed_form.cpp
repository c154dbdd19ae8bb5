#include "regard/theory/particles/closed_form.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace regard::particles {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr double kSeries = 45;  // from here on the asymptotic series is exact to rounding

/// sum_k k! / x^k (sign = 1) or with alternating signs (-1), to its smallest term.
double asymptotic(double x, double sign) {
  double sum = 1, term = 1;
  for (int k = 1; k < 60; ++k) {
    const double next = term * sign * k / x;
    if (std::abs(next) >= std::abs(term) || std::abs(next) < 1e-18) break;
    sum += term = next;
  }
  return sum;
}

/// e^-x Ei(x) and -e^x Ei(-x), for x > 0.
double scaled_ei(double x) {
  return x < kSeries ? std::exp(-x) * std::expint(x) : asymptotic(x, 1) / x;
}
double scaled_e1(double x) {
  return x < kSeries ? -std::exp(x) * std::expint(-x) : asymptotic(x, -1) / x;
}

/// F(u) e^{-b u}.
double scaled_f(double beta, double u) {
  return 0.5 * (scaled_ei(beta * u) + scaled_e1(beta * (2 - u)));
}

double half_log_ratio(double u) { return 0.5 * std::log(u / (2 - u)); }

// Gauss and Legendre, 10 points on [-1, 1].
constexpr std::array<double, 5> kNode = {0.1488743389816312, 0.4333953941292472, 0.6794095682990244,
                                         0.8650633666889845, 0.9739065285171717};
constexpr std::array<double, 5> kWeight = {0.2955242247147529, 0.2692667193099963,
                                           0.2190863625159820, 0.1494513491505806,
                                           0.0666713443086881};

/// dt / dv at v = log tan(angle / 2), times e^{-b top}.
double slowness(const Model& model, double a, double b, double v, double top) {
  const double u = 1 + std::tanh(v), rise = model.beta * (u - top);
  const double down = std::exp(-model.beta * top);
  if (model.kind == Kind::kUsa) return std::exp(rise) / (a + b);
  const double e = std::exp(rise);  // e^{b u} e^{-b top}
  const double rate = b / (a * e + b * down) + a / (b * e + a * down);
  return 1 / rate;
}

}  // namespace

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kNever ? a : a + std::log1p(std::exp(b - a));
}

double log_time_of_two(Kind kind, double beta, double from, double to) {
  const double u0 = gap_of(from), u1 = gap_of(to);
  double sum = scaled_f(beta, u0) - std::exp(beta * (u1 - u0)) * scaled_f(beta, u1);
  if (kind == Kind::kUsa) return beta * u0 + std::log(sum);
  sum += std::exp(-beta * u0) * (half_log_ratio(u0) - half_log_ratio(u1));
  return beta * u0 + std::log(0.5 * sum);
}

double log_time_of_pair(const Model& model, double mass_a, double mass_b, double from, double to) {
  // Panels from the wide end: each covers at most one factor e of the integrand; what is e^-50
  // below the sum is left out.
  const double last = std::log(std::tan(0.5 * to)), top = gap_of(from);
  double v = std::log(std::tan(0.5 * from)), sum = 0;
  while (v > last) {
    const double slope = model.beta / (std::cosh(v) * std::cosh(v));
    const double width = std::min({0.5, 1 / std::max(slope, 1e-300), v - last});
    double part = 0;
    for (std::size_t i = 0; i < kNode.size(); ++i) {
      for (const double side : {-1.0, 1.0}) {
        part += kWeight[i] *
                slowness(model, mass_a, mass_b, v - 0.5 * width * (1 - side * kNode[i]), top);
      }
    }
    part *= 0.5 * width;
    sum += part;
    v -= width;
    if (model.beta * (1 + std::tanh(v) - top) < -60 && model.beta * top > 100) break;
  }
  return model.beta * top + std::log(sum);
}

double equiangular_rate(const Model& model, int64_t n, double rho) {
  const auto count = static_cast<double>(n);
  const double g = std::exp(-model.beta * (1 - rho));
  const double common = 2 * g * (1 - rho) * ((count - 1) * rho + 1);
  return common / (model.kind == Kind::kSa ? 1 + (count - 1) * g : count);
}

std::vector<double> scaled_bessel(double beta, int64_t last) {
  std::vector<double> values(static_cast<std::size_t>(last) + 1, 0.0);
  if (beta == 0) {
    values[0] = 1;
    return values;
  }
  const auto start = static_cast<int64_t>(static_cast<double>(last) + 30 +
                                          std::sqrt(90 * (beta + static_cast<double>(last) + 1)));
  double above = 0, here = 1e-280, norm = 0;
  for (int64_t k = start; k >= 0; --k) {
    if (k <= last) values[static_cast<std::size_t>(k)] = here;
    norm += k == 0 ? here : 2 * here;
    if (k == 0) break;
    const double below = above + 2 * static_cast<double>(k) / beta * here;
    above = here;
    here = below;
    if (here > 1e250) {
      for (auto& value : values) value *= 1e-250;
      above *= 1e-250;
      here *= 1e-250;
      norm *= 1e-250;
    }
  }
  for (auto& value : values) value /= norm;
  return values;
}

double growth_rate(const Model& model, int64_t k) {
  const auto bessel = scaled_bessel(model.beta, k);
  const auto square = static_cast<double>(k * k);
  const double wave = square * bessel[static_cast<std::size_t>(k)] / model.beta;
  return model.kind == Kind::kSa ? wave / bessel[0] : wave;
}

}  // namespace regard::particles
