#include "regard/theory/particles/model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace regard::particles {
namespace {

constexpr double kNothing = -60;  // e^-60 of the largest term is beyond the last digit of any sum

double length(const double* v, int64_t dim) {
  double square = 0;
  for (int64_t c = 0; c < dim; ++c) square += v[c] * v[c];
  return std::sqrt(square);
}

}  // namespace

double log_rate(const std::string& norm, const std::string& prefactor, double beta, int64_t n) {
  const double log_n = std::log(static_cast<double>(n));
  const double factor = prefactor == "one" ? log_n : prefactor == "inverse_squared" ? -log_n : 0;
  return (norm == "glpr" ? beta : 0) + factor;
}

Rates velocity(const Model& model, const Cloud& cloud, double log_scale, double* v) {
  const int64_t n = cloud.size(), dim = cloud.dim;
  const double beta = model.beta, unscale = std::exp(-log_scale);
  std::fill(v, v + n * dim, 0.0);
  std::vector<double> z(n, 0.0), pull(n, 0.0);
  double least = std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < n; ++i) {
    const double* xi = cloud.row(i);
    double* vi = v + i * dim;
    for (int64_t j = 0; j < i; ++j) {
      const double* xj = cloud.row(j);
      const double u = gap(xi, xj, dim), exponent = log_scale - beta * u;
      least = std::min(least, u);
      if (exponent < kNothing) continue;
      const double g = std::exp(exponent), gi = cloud.mass[j] * g, gj = cloud.mass[i] * g;
      double* vj = v + j * dim;
      // P x_j = x_j - <x_i, x_j> x_i = (x_j - x_i) + u x_i keeps its digits for near pairs.
      for (int64_t c = 0; c < dim; ++c) {
        const double away = xj[c] - xi[c];
        vi[c] += gi * (away + u * xi[c]);
        vj[c] += gj * (u * xj[c] - away);
      }
      const double sine = std::sqrt(u * std::max(0.0, 2 - u));
      z[i] += gi;
      z[j] += gj;
      pull[i] += gi * sine;
      pull[j] += gj * sine;
    }
  }
  Rates rates;
  for (int64_t i = 0; i < n; ++i) {
    const double by = model.kind == Kind::kSa ? 1 / (cloud.mass[i] + unscale * z[i]) : 1;
    for (int64_t c = 0; c < dim; ++c) v[i * dim + c] *= by;
    rates.energy += cloud.mass[i] * (cloud.mass[i] + unscale * z[i]);
    const double speed = length(v + i * dim, dim);
    rates.arc += cloud.mass[i] * speed * speed;
    rates.largest = std::max(rates.largest, speed);
    rates.attraction = std::max(rates.attraction, by * pull[i]);
  }
  rates.arc = std::sqrt(rates.arc);
  rates.theorem = n > 1 ? std::exp(log_scale - beta * least) : 0;
  return rates;
}

double energy(double beta, const Cloud& cloud) {
  double sum = 0;
  for (int64_t i = 0; i < cloud.size(); ++i) {
    sum += cloud.mass[i] * cloud.mass[i];
    for (int64_t j = 0; j < i; ++j) {
      sum += 2 * cloud.mass[i] * cloud.mass[j] * std::exp(-beta * gap(cloud, i, j));
    }
  }
  return sum;
}

double energy_rate(const Model& model, const Cloud& cloud) {
  std::vector<double> v(cloud.x.size());
  velocity(model, cloud, 0, v.data());
  double sum = 0;
  for (int64_t i = 0; i < cloud.size(); ++i) {
    double z = 1;
    if (model.kind == Kind::kSa) {
      z = 0;
      for (int64_t j = 0; j < cloud.size(); ++j) {
        z += cloud.mass[j] * std::exp(-model.beta * gap(cloud, i, j));
      }
    }
    const double speed = length(v.data() + i * cloud.dim, cloud.dim);
    sum += cloud.mass[i] * z * speed * speed;
  }
  return sum;
}

}  // namespace regard::particles
