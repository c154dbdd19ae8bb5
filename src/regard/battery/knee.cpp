#include "regard/battery/knee.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "regard/battery/spikes.hpp"

namespace regard::battery {
namespace {

constexpr std::size_t kShortest = 30, kMost = 500, kGrid = 40;
// Slopes below this, in loss per cycle, count as no fade: 1 % of nominal in 10,000 cycles.
constexpr double kFlat = 1e-6;

struct Record {
  std::vector<double> x, y;
};

Record averaged(const Cell& cell) {
  Cell kept = cell;
  drop_spikes(kept);
  const std::size_t first = !kept.cycle.empty() && kept.cycle[0] <= 1 ? 1 : 0;
  const std::size_t n = kept.cycles() - std::min(first, kept.cycles());
  const std::size_t bins = std::min(n, kMost);
  Record record;
  for (std::size_t b = 0; b < bins; ++b) {
    const std::size_t begin = first + b * n / bins, end = first + (b + 1) * n / bins;
    double x = 0, y = 0;
    for (std::size_t i = begin; i < end; ++i) {
      x += static_cast<double>(kept.cycle[i]);
      y += kept.loss(i);
    }
    record.x.push_back(x / static_cast<double>(end - begin));
    record.y.push_back(y / static_cast<double>(end - begin));
  }
  return record;
}

/// Lines that meet at K breaks: y = w0 + w1 x + sum_k w_{k+2} max(0, x - break_k).
template <int K>
struct Lines {
  using Breaks = std::array<double, K>;
  Breaks breaks{};
  double error = std::numeric_limits<double>::infinity();
  std::array<double, K + 1> slopes{};
};

template <int K>
Lines<K> fit_lines(const Record& record, const std::array<double, K>& breaks) {
  using Vector = Eigen::Matrix<double, K + 2, 1>;
  Eigen::Matrix<double, K + 2, K + 2> gram = Eigen::Matrix<double, K + 2, K + 2>::Zero();
  Vector moment = Vector::Zero();
  double square = 0;
  // x is scaled to about 1, which keeps the normal equations well conditioned.
  const double origin = record.x.front(), width = record.x.back() - origin;
  for (std::size_t i = 0; i < record.x.size(); ++i) {
    Vector row;
    row[0] = 1;
    row[1] = (record.x[i] - origin) / width;
    for (int k = 0; k < K; ++k) row[k + 2] = std::max(0.0, (record.x[i] - breaks[k]) / width);
    gram += row * row.transpose();
    moment += row * record.y[i];
    square += record.y[i] * record.y[i];
  }
  const Vector w = gram.ldlt().solve(moment);
  Lines<K> lines;
  lines.breaks = breaks;
  lines.error = square - w.dot(moment);
  lines.slopes[0] = w[1] / width;
  for (int k = 0; k < K; ++k) lines.slopes[k + 1] = lines.slopes[k] + w[k + 2] / width;
  return lines;
}

/// Breaks keep a twentieth of the record to each side and between them.
template <int K>
bool allowed(const Record& record, const std::array<double, K>& breaks) {
  const double gap = (record.x.back() - record.x.front()) / 20;
  double left = record.x.front();
  for (const double b : breaks) {
    if (b < left + gap) return false;
    left = b;
  }
  return left + gap <= record.x.back();
}

template <int K>
void consider(const Record& record, const std::array<double, K>& breaks, Lines<K>& best) {
  if (!allowed<K>(record, breaks)) return;
  const auto lines = fit_lines<K>(record, breaks);
  if (lines.error < best.error) best = lines;
}

/// A grid finds the valley, halving steps around the best find its bottom to half a cycle.
template <int K>
Lines<K> search(const Record& record) {
  Lines<K> best;
  const double origin = record.x.front(), step = (record.x.back() - origin) / kGrid;
  const auto at = [&](std::size_t i) { return origin + step * static_cast<double>(i); };
  for (std::size_t i = 1; i < kGrid; ++i) {
    if constexpr (K == 1) {
      consider<1>(record, {at(i)}, best);
    } else {
      for (std::size_t j = i + 1; j < kGrid; ++j) consider<2>(record, {at(i), at(j)}, best);
    }
  }
  for (double h = step / 2; h > 0.25;) {
    const auto centre = best.breaks;
    const double error = best.error;
    for (int move = 0; move < (K == 1 ? 3 : 9); ++move) {
      auto trial = centre;
      trial[0] += h * (move % 3 - 1);
      if constexpr (K == 2) trial[1] += h * (move / 3 - 1);
      consider<K>(record, trial, best);
    }
    if (!(best.error < error)) h /= 2;
  }
  return best;
}

}  // namespace

Knee find_knee(const Cell& cell) {
  Knee knee;
  const auto record = averaged(cell);
  if (record.x.size() < kShortest) return knee;
  const auto one = search<1>(record);
  if (!(one.slopes[1] > std::max(2 * one.slopes[0], kFlat))) return knee;
  knee.point = one.breaks[0];
  const auto two = search<2>(record);
  // An onset lies before its knee; a break elsewhere is a bend of another kind.
  const bool before = two.breaks[0] <= knee.point && knee.point <= two.breaks[1];
  if (before && two.slopes[1] > two.slopes[0]) knee.onset = two.breaks[0];
  return knee;
}

}  // namespace regard::battery
