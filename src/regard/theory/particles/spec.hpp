// What a simulation is asked for. Tables of a recipe: [points], [model], [run].
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/run/recipe.hpp"
#include "regard/theory/particles/model.hpp"

namespace regard::particles {

inline const Choices kStarts = {"paper", "staircase", "uniform", "caps", "vmf", "prepared"};
inline const Choices kModels = {"sa", "usa"};
inline const Choices kNorms = {"paper", "glpr"};
inline const Choices kPrefactors = {"inverse", "one", "inverse_squared"};
inline const Choices kEngines = {"staged", "direct", "limit", "euler", "unit_speed", "spectrum"};
inline const Choices kMerges = {"exact", "paper"};
inline const Choices kClocks = {"log_t", "t", "arc", "theorem"};

struct PointsSpec {
  std::string file, weights;  // CSV; the column with the weights, a name or a number from 1
  std::string init = "paper";
  int64_t n = 5, d = 2, seed = 1, clusters = 2;
  double angle = 1.5;  // between two caps; the least between more; of all points when prepared
  double spread = 0.05;
  double kappa = 50;
  void visit(Visitor& f);
};

struct ModelSpec {
  std::string kind = "sa", usa_norm = "paper", prefactor = "inverse";
  void visit(Visitor& f);
};

struct RunSpec {
  std::string engine = "staged", until = "merged", merge = "exact", clock = "log_t";
  double tolerance = 1e-8;
  double close = 0;  // angle at which two clusters count as one; 0: cos > 1 - 0.004 / beta
  bool theorem = false, modes = false;
  void visit(Visitor& f);
};

struct Spec {
  PointsSpec points;
  ModelSpec model;
  RunSpec run;
  std::vector<double> beta = {4};
  /// A tenth of the median distance to the nearest point, for more than 64 points: clusters of a
  /// dense cloud are told apart by a smaller angle. Set by `Simulation`.
  double spacing = std::numeric_limits<double>::infinity();

  run::Tables tables();

  /// InputError for what no simulation can be made of; `cloud` is the start.
  void check(const Cloud& cloud) const;
  Model model_at(double b, int64_t n) const;
  /// The gap at which two clusters count as one.
  double close_gap(double b) const;
};

/// b u above which a drift e^{-b u} is less than the last digit of a double beside a contraction.
inline constexpr double kDirectLimit = 36;

/// See Spec::spacing.
double dense_spacing(const Cloud& cloud);

/// 1 / sqrt(b log b), at which the modified USA of arXiv 2410.06833 merges two particles.
double paper_merge_angle(double beta);

/// When a run ends.
struct Until {
  enum class Kind { kMerged, kFormed, kTime };
  Kind kind = Kind::kMerged;
  double log_t = 0;
};
/// "merged", "formed", "400", "1e20" or "log:3700"; InputError for others.
Until parse_until(const std::string& text);

}  // namespace regard::particles
