#include "regard/theory/particles/spec.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::particles {
namespace {

constexpr double kLargestBeta = 1e9;

/// The widest gap that single linkage has to cross until all points are one cluster.
double bottleneck(const Cloud& cloud) {
  const auto n = cloud.size();
  std::vector<double> nearest(static_cast<std::size_t>(n), 4.0);
  std::vector<bool> inside(static_cast<std::size_t>(n), false);
  double widest = 0;
  int64_t last = 0;
  inside[0] = true;
  for (int64_t added = 1; added < n; ++added) {
    int64_t next = -1;
    for (int64_t j = 0; j < n; ++j) {
      if (inside[j]) continue;
      nearest[j] = std::min(nearest[j], gap(cloud, last, j));
      if (next < 0 || nearest[j] < nearest[next]) next = j;
    }
    widest = std::max(widest, nearest[next]);
    inside[next] = true;
    last = next;
  }
  return widest;
}

}  // namespace

void PointsSpec::visit(Visitor& f) {
  f("file", file, "a CSV file, a row is a vector; empty: points by `init`");
  f("weights", weights, "its column with weights, a name or a number from 1");
  f("init", init, "where the points start, without a file", kStarts);
  f("n", n, "points");
  f("d", d, "dimension of the space: the points lie on the sphere of dimension d - 1");
  f("seed", seed, "of random points");
  f("clusters", clusters, "caps or parts of the mixture");
  f("angle", angle, "between two caps, the least between more, of all `prepared` points (rad)");
  f("spread", spread, "radius of a cap (rad)");
  f("kappa", kappa, "concentration of the von Mises-Fisher mixture");
}

void ModelSpec::visit(Visitor& f) {
  f("kind", kind, "sa: self-attention; usa: without the normaliser", kModels);
  f("usa_norm", usa_norm, "paper: exp(b (<x, y> - 1)); glpr: exp(b <x, y>)", kNorms);
  f("prefactor", prefactor, "of usa on the circle: 1/n, 1 or 1/n^2", kPrefactors);
}

void RunSpec::visit(Visitor& f) {
  f("engine", engine,
    "staged; the controls direct and limit; the authors' euler and unit_speed; spectrum", kEngines);
  f("until", until, "merged, formed, a time such as 400, or log:3700");
  f("merge", merge, "exact: when two points agree; paper: at an angle of 1/sqrt(b log b)", kMerges);
  f("clock", clock, "axis of the figures: log_t, t, arc (over log b), theorem", kClocks);
  f("tolerance", tolerance, "of a step, in units of 1/b rad");
  f("close", close, "angle below which two clusters count as one; 0: cos > 1 - 0.004/b");
  f("theorem", theorem, "set the theorem's bounds beside what is measured");
  f("modes", modes, "growth rates of waves of a uniform circle");
}

run::Tables Spec::tables() {
  return {{"points", [this](Visitor& f) { points.visit(f); }},
          {"model",
           [this](Visitor& f) {
             f("beta", beta, "inverse temperature; a list is run one after the other");
             model.visit(f);
           }},
          {"run", [this](Visitor& f) { run.visit(f); }}};
}

void Spec::check(const Cloud& cloud) const {
  if (beta.empty()) throw InputError("simulate: --beta takes at least one number");
  for (const double b : beta) {
    if (!(b >= 0 && b <= kLargestBeta)) {
      throw InputError("simulate: beta lies between 0 and 1e9, and " + shortest(b) + " came");
    }
  }
  const bool circle = cloud.dim == 2;
  const auto only_circle = [&](bool asked, const std::string& what) {
    if (asked && !circle) {
      throw InputError("simulate: " + what + " is defined on the circle (d = 2), and d = " +
                       std::to_string(cloud.dim) + " came");
    }
  };
  only_circle(run.clock == "theorem", "the theorem's clock");
  only_circle(run.engine == "spectrum", "the engine spectrum");
  only_circle(run.engine == "unit_speed", "the engine unit_speed");
  only_circle(run.modes, "--modes");
  only_circle(model.kind == "usa" && model.prefactor != "inverse",
              "prefactor = " + model.prefactor);
  const auto until = parse_until(run.until);
  if (run.engine == "spectrum" && until.kind == Until::Kind::kMerged) {
    throw InputError(
        "simulate: the engine spectrum adds up waves to 1e-16 of the largest force, so it serves "
        "formation only: --until formed or a time is expected, and merged came");
  }
  if (!(run.tolerance > 0 && run.tolerance <= 1e-2)) {
    throw InputError("simulate: tolerance lies above 0 and up to 0.01, and " +
                     shortest(run.tolerance) + " came");
  }
  if (!(run.close >= 0 && run.close < 1)) {
    throw InputError("simulate: close is an angle from 0 to 1 rad, and " + shortest(run.close) +
                     " came");
  }
  if (run.engine != "direct" || until.kind != Until::Kind::kMerged) return;
  const double widest = bottleneck(cloud), largest = *std::max_element(beta.begin(), beta.end());
  if (largest * widest > kDirectLimit) {
    throw InputError(
        "simulate: the engine direct loses the drift in rounding where b u > 36 (u = 1 - cos of "
        "the angle to cross), and b u = " +
        shortest(std::round(10 * largest * widest) / 10) + " came; the engine staged goes on");
  }
}

Model Spec::model_at(double b, int64_t n) const {
  if (model.kind == "sa") return {Kind::kSa, b, 0};
  return {Kind::kUsa, b, log_rate(model.usa_norm, model.prefactor, b, n)};
}

double dense_spacing(const Cloud& cloud) {
  constexpr int64_t kSparse = 64, kSampled = 200;
  const int64_t n = cloud.size();
  if (n <= kSparse) return std::numeric_limits<double>::infinity();
  std::vector<double> nearest;
  for (int64_t i = 0; i < n; i += (n + kSampled - 1) / kSampled) {
    double least = 4;
    for (int64_t j = 0; j < n; ++j) {
      const double u = gap(cloud, i, j);
      if (j != i && u > 0) least = std::min(least, u);
    }
    nearest.push_back(angle_of(least));
  }
  std::nth_element(nearest.begin(), nearest.begin() + static_cast<long>(nearest.size() / 2),
                   nearest.end());
  return 0.1 * nearest[nearest.size() / 2];
}

double paper_merge_angle(double beta) { return 1 / std::sqrt(beta * std::log(beta)); }

double Spec::close_gap(double b) const {
  if (run.close > 0) return gap_of(run.close);
  if (run.merge == "paper") return gap_of(paper_merge_angle(b));
  const double rule = std::min(0.02, 0.004 / std::max(b, 1e-300));
  return std::isfinite(spacing) ? std::min(rule, gap_of(spacing)) : rule;
}

Until parse_until(const std::string& text) {
  if (text == "merged") return {Until::Kind::kMerged, 0};
  if (text == "formed") return {Until::Kind::kFormed, 0};
  const bool log = text.rfind("log:", 0) == 0;
  const auto value = parse_value(log ? text.substr(4) : text);
  double number = -1;
  if (const auto* whole = std::get_if<int64_t>(&value)) number = static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) number = *real;
  const bool is_number =
      std::holds_alternative<int64_t>(value) || std::holds_alternative<double>(value);
  if (!is_number || !std::isfinite(number) || (!log && number <= 0)) {
    throw InputError("simulate: --until is merged, formed, a time above 0 or log:NUMBER, and \"" +
                     text + "\" came");
  }
  return {Until::Kind::kTime, log ? number : std::log(number)};
}

}  // namespace regard::particles
