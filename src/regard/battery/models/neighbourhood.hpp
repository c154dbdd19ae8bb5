// How far a cell lies from the cells that a model learned from, and whether it counts as out of
// distribution.
//
//   d(x) = mean distance to the three nearest training cells, features standardised by them, in
//   units of the median d
//   out of distribution  <=>  d(x) > the (1 - e) quantile of the training cells' own d, each
//   without itself
//
// e is the false-alarm rate: of cells like the training cells, a share e is flagged. Rank ceil((N +
// 1)(1 - e)).
#pragma once

#include <vector>

#include "regard/base/json.hpp"

namespace regard::battery {

class Neighbourhood {
 public:
  Neighbourhood() = default;
  /// Rows of equal length, at least five; InputError.
  Neighbourhood(std::vector<std::vector<double>> rows, double false_alarm);

  double distance(const std::vector<double>& row) const;
  bool outside(const std::vector<double>& row) const { return distance(row) > limit_; }
  double limit() const { return limit_; }
  double false_alarm() const { return false_alarm_; }

  Json to_json() const;
  static Neighbourhood from_json(const Json& json);

 private:
  /// The mean distance of `row` (raw) to its nearest rows, but `without` (rows_.size(): none).
  double raw_distance(const std::vector<double>& row, std::size_t without) const;

  std::vector<std::vector<double>> rows_;
  std::vector<double> scale_;
  double false_alarm_ = 0.05, unit_ = 1, limit_ = 0;
};

}  // namespace regard::battery
