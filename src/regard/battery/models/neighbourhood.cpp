#include "regard/battery/models/neighbourhood.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/battery/models/model.hpp"

namespace regard::battery {
namespace {
constexpr std::size_t kNear = 3;
}  // namespace

Neighbourhood::Neighbourhood(std::vector<std::vector<double>> rows, double false_alarm)
    : rows_(std::move(rows)), false_alarm_(false_alarm) {
  if (rows_.size() < kNear + 2)
    throw InputError("neighbourhood: at least 5 training cells were expected, and " +
                     std::to_string(rows_.size()) + " came");
  const auto n = static_cast<double>(rows_.size());
  for (std::size_t f = 0; f < rows_[0].size(); ++f) {
    double mean = 0, square = 0;
    for (const auto& row : rows_) mean += row.at(f) / n;
    for (const auto& row : rows_) square += (row[f] - mean) * (row[f] - mean) / n;
    scale_.push_back(square > 0 ? std::sqrt(square) : 1);
  }
  std::vector<double> own;
  for (std::size_t i = 0; i < rows_.size(); ++i) own.push_back(raw_distance(rows_[i], i));
  unit_ = std::max(median(own), 1e-12);
  std::sort(own.begin(), own.end());
  const auto rank = static_cast<std::size_t>(std::ceil((n + 1) * (1 - false_alarm_)));
  limit_ = own[std::min(rank, own.size()) - 1] / unit_;
}

double Neighbourhood::raw_distance(const std::vector<double>& row, std::size_t without) const {
  std::vector<double> all;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i == without) continue;
    double square = 0;
    for (std::size_t f = 0; f < scale_.size(); ++f)
      square += std::pow((row.at(f) - rows_[i][f]) / scale_[f], 2);
    all.push_back(std::sqrt(square));
  }
  std::partial_sort(all.begin(), all.begin() + kNear, all.end());
  double sum = 0;
  for (std::size_t i = 0; i < kNear; ++i) sum += all[i] / kNear;
  return sum;
}

double Neighbourhood::distance(const std::vector<double>& row) const {
  return raw_distance(row, rows_.size()) / unit_;
}

Json Neighbourhood::to_json() const { return {{"rows", rows_}, {"false_alarm", false_alarm_}}; }

Neighbourhood Neighbourhood::from_json(const Json& json) {
  return {json.at("rows").get<std::vector<std::vector<double>>>(),
          json.at("false_alarm").get<double>()};
}

}  // namespace regard::battery
