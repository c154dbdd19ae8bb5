#include "regard/theory/particles/hessian.hpp"

#include <algorithm>
#include <cmath>

namespace regard::particles {
namespace {

constexpr double kZero = 1e-9;

/// dim - 1 orthonormal directions at right angles to x: the columns of a Householder reflection.
std::vector<std::vector<double>> tangent_basis(const double* x, int64_t dim) {
  std::vector<double> w(x, x + dim);
  const double sign = w[0] < 0 ? -1 : 1;
  w[0] += sign;
  double square = 0;
  for (const double value : w) square += value * value;
  std::vector<std::vector<double>> basis;
  for (int64_t k = 1; k < dim; ++k) {
    std::vector<double> column(static_cast<std::size_t>(dim));
    for (int64_t c = 0; c < dim; ++c) column[c] = (c == k ? 1 : 0) - 2 * w[c] * w[k] / square;
    basis.push_back(std::move(column));
  }
  return basis;
}

double dot(const std::vector<double>& a, const double* b) {
  double sum = 0;
  for (std::size_t c = 0; c < a.size(); ++c) sum += a[c] * b[c];
  return sum;
}

}  // namespace

std::vector<double> eigenvalues(std::vector<double> a, int64_t n) {
  const auto at = [&](int64_t i, int64_t j) -> double& { return a[i * n + j]; };
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0, on = 0;
    for (int64_t i = 0; i < n; ++i) {
      on += at(i, i) * at(i, i);
      for (int64_t j = 0; j < i; ++j) off += at(i, j) * at(i, j);
    }
    if (off <= 1e-30 * (on + off) || off == 0) break;
    for (int64_t p = 0; p < n; ++p) {
      for (int64_t q = p + 1; q < n; ++q) {
        if (at(p, q) == 0) continue;
        const double theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const double t = (theta < 0 ? -1 : 1) / (std::abs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (int64_t k = 0; k < n; ++k) {
          const double kp = at(k, p), kq = at(k, q);
          at(k, p) = c * kp - s * kq;
          at(k, q) = s * kp + c * kq;
        }
        for (int64_t k = 0; k < n; ++k) {
          const double pk = at(p, k), qk = at(q, k);
          at(p, k) = c * pk - s * qk;
          at(q, k) = s * pk + c * qk;
        }
      }
    }
  }
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(at(i, i));
  std::sort(values.begin(), values.end());
  return values;
}

Curvature curvature(double beta, const Cloud& centres) {
  const int64_t k = centres.size(), dim = centres.dim, free = dim - 1, n = k * free;
  std::vector<std::vector<std::vector<double>>> basis;
  for (int64_t i = 0; i < k; ++i) basis.push_back(tangent_basis(centres.row(i), dim));
  const double least = smallest_gap(centres);
  std::vector<double> matrix(static_cast<std::size_t>(n * n), 0.0), gradient(n, 0.0);
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      const double u = gap(centres, i, j), s = 1 - u;
      const double scale = std::exp(-beta * (u - least));
      // In the metric of masses: a unit of centre i moves by 1 / sqrt(m_i).
      const double mi = centres.mass[i], mj = centres.mass[j], root = std::sqrt(mi * mj);
      for (int64_t p = 0; p < free; ++p) {
        const double pi = dot(basis[i][p], centres.row(j)), pj = dot(basis[j][p], centres.row(i));
        gradient[i * free + p] += scale * mi * mj / std::sqrt(mi) * pi;
        gradient[j * free + p] += scale * mi * mj / std::sqrt(mj) * pj;
        for (int64_t q = 0; q < free; ++q) {
          const double qi = dot(basis[i][q], centres.row(j)), qj = dot(basis[j][q], centres.row(i));
          const double same = p == q ? s : 0;
          matrix[(i * free + p) * n + i * free + q] += scale * mj * (beta * pi * qi - same);
          matrix[(j * free + p) * n + j * free + q] += scale * mi * (beta * pj * qj - same);
          const double cross =
              scale * root * (beta * pi * qj + dot(basis[i][p], basis[j][q].data()));
          matrix[(i * free + p) * n + j * free + q] += cross;
          matrix[(j * free + q) * n + i * free + p] += cross;
        }
      }
    }
  }
  Curvature result;
  double square = 0;
  for (const double value : gradient) square += value * value;
  result.log_gradient = 0.5 * std::log(square) - beta * least;
  const auto values = eigenvalues(std::move(matrix), n);
  const double largest = std::max(std::abs(values.front()), std::abs(values.back()));
  for (const double value : values) {
    if (std::abs(value) <= kZero * largest) {
      ++result.zero;
    } else {
      ++(value > 0 ? result.positive : result.negative);
    }
  }
  return result;
}

}  // namespace regard::particles
