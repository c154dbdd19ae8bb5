// Forecasts of the test cells: what their bands hold, and the charge policies by predicted life.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "regard/battery/models/study.hpp"

namespace regard::battery {
namespace {

constexpr std::array kLevels = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
constexpr std::size_t kBandPoints = 60;

const Cell* find(const std::vector<Cell>& cells, const std::string& name) {
  for (const auto& cell : cells) {
    if (cell.name == name && cell.cycles() > 0) return &cell;
  }
  return nullptr;
}

/// The share of recorded cycles from 2 to the life whose loss lies in the band, at every tenth
/// cycle.
double curve_coverage(const Cell& cell, const Estimate& estimate, double distance,
                      const Calibration& calibration, double level) {
  double inside = 0, count = 0;
  for (std::size_t i = 0; i < cell.cycles(); i += 10) {
    const auto cycle = static_cast<double>(cell.cycle[i]);
    if (cycle < 2 || cycle > cell.life) continue;
    inside += calibration.loss(estimate, distance, cycle, level).holds(cell.loss(i)) ? 1 : 0;
    ++count;
  }
  return count > 0 ? inside / count : kMissing;
}

Json thinned(const Cell& cell) {
  Json x = Json::array(), y = Json::array();
  const std::size_t step = std::max<std::size_t>(1, cell.cycles() / kBandPoints);
  for (std::size_t i = 0; i < cell.cycles(); i += step) {
    x.push_back(cell.cycle[i]);
    y.push_back(std::round(1e5 * cell.loss(i)) / 1e5);
  }
  return {{"cycle", x}, {"loss", y}};
}

Json drawn(const Estimate& estimate, double distance, const Calibration& calibration,
           double level) {
  Json x = Json::array(), y = Json::array(), low = Json::array(), high = Json::array();
  const auto put = [](Json& to, double v) { to.push_back(std::round(1e5 * v) / 1e5); };
  for (int i = 0; i <= 40; ++i) {
    const double cycle = std::round(2 + (1.2 * estimate.life - 2) * i / 40);
    const auto range = calibration.loss(estimate, distance, cycle, level);
    x.push_back(cycle);
    put(y, estimate.curve.loss(cycle));
    put(low, range.low);
    put(high, range.high);
  }
  return {{"cycle", x}, {"loss", y}, {"low", low}, {"high", high}};
}

struct Tally {
  double lives = 0, lives_in = 0, curve = 0, curves = 0, width = 0, outside = 0;
};

void reliability(const CellSet& set, const std::vector<Estimate>& estimates, const Horizon& horizon,
                 Json& out) {
  for (const double level : kLevels) {
    Tally t;
    for (std::size_t i = 0; i < set.examples.size(); ++i) {
      const double d = horizon.near.distance(set.examples[i].summary);
      ++t.lives;
      t.lives_in += horizon.calibration.life(estimates[i], d, level).holds(set.examples[i].life);
      if (const auto* cell = find(set.curves, set.examples[i].name)) {
        t.curve += curve_coverage(*cell, estimates[i], d, horizon.calibration, level);
        ++t.curves;
      }
    }
    out.push_back(
        {{"level", level}, {"life", t.lives_in / t.lives}, {"curve", t.curve / t.curves}});
  }
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> rank;
  for (const double v : values) {
    double below = 0, equal = 0;
    for (const double w : values) {
      below += w < v;
      equal += w == v;
    }
    rank.push_back(below + (equal + 1) / 2);
  }
  return rank;
}

double spearman(const std::vector<double>& a, const std::vector<double>& b) {
  const auto x = ranks(a), y = ranks(b);
  const double mean = (static_cast<double>(x.size()) + 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean);
    xx += (x[i] - mean) * (x[i] - mean);
    yy += (y[i] - mean) * (y[i] - mean);
  }
  return xy / std::sqrt(xx * yy);
}

struct Policy {
  std::vector<double> predicted, measured;
};

Json policy_rows(const std::map<std::string, Policy>& policies) {
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
  };
  std::vector<double> predicted, measured;
  Json rows = Json::array();
  for (const auto& [name, policy] : policies) {
    predicted.push_back(mean(policy.predicted));
    measured.push_back(mean(policy.measured));
    rows.push_back({{"policy", name},
                    {"cells", policy.measured.size()},
                    {"predicted", predicted.back()},
                    {"measured", measured.back()}});
  }
  std::sort(rows.begin(), rows.end(), [](const Json& a, const Json& b) {
    return a.at("predicted").get<double>() > b.at("predicted").get<double>();
  });
  return {{"rows", rows}, {"spearman", spearman(predicted, measured)}};
}

Json delta_curves(const CellSet& train) {
  Json rows = Json::array();
  for (const auto& example : train.examples) {
    Json dq = Json::array();
    const std::size_t step = std::max<std::size_t>(1, example.delta_q.size() / 100);
    for (std::size_t v = 0; v < example.delta_q.size(); v += step)
      dq.push_back(std::round(1e6 * example.delta_q[v]) / 1e6);
    rows.push_back({{"cell", example.name}, {"life", example.life}, {"dq", dq}});
  }
  return rows;
}

/// The forecast of one cell as the results keep it; adds to the tally of its split.
Json cell_row(const CellSet& set, std::size_t i, const Estimate& estimate, const Horizon& horizon,
              double level, Tally& t) {
  const auto& example = set.examples[i];
  const double d = horizon.near.distance(example.summary);
  const auto range = horizon.calibration.life(estimate, d, level);
  const bool outside = d > horizon.near.limit();
  ++t.lives;
  t.lives_in += range.holds(example.life);
  t.outside += outside;
  t.width += 100 * (horizon.calibration.life_factor(d, level) - 1);
  Json row = {{"cell", example.name},  {"policy", set.cells[i].charge_policy},
              {"life", example.life},  {"predicted", estimate.life},
              {"low", range.low},      {"high", range.high},
              {"a", estimate.curve.a}, {"b", estimate.curve.b},
              {"c", example.c},        {"distance", d},
              {"outside", outside}};
  row["curve"] = drawn(estimate, d, horizon.calibration, level);
  if (const auto* cell = find(set.curves, example.name)) {
    const double held = curve_coverage(*cell, estimate, d, horizon.calibration, level);
    row["curve_coverage"] = held;
    row["curve_error"] = curve_error(*cell, estimate);
    row["measured"] = thinned(*cell);
    t.curve += held;
    ++t.curves;
  }
  return row;
}

Json coverage_row(const Tally& t) {
  return {{"life", t.lives_in / t.lives},
          {"lives", t.lives},
          {"curve", t.curve / t.curves},
          {"curves", t.curves},
          {"half_width_percent", t.width / t.lives},
          {"outside", t.outside / t.lives}};
}

}  // namespace

Json study_bands(const StudySpec& spec, const StudyData& data, const Horizon& horizon) {
  Json out = {{"level", spec.level},
              {"beta", horizon.calibration.beta()},
              {"limit", horizon.near.limit()},
              {"false_alarm", spec.false_alarm},
              {"cells", Json::array()}};
  std::map<std::string, Policy> policies;
  for (const auto split : {Split::kTrain, Split::kPrimary, Split::kSecondary}) {
    const auto set = data.at(split, horizon.n);
    const auto estimates = horizon.model->predict(set.examples);
    const auto name = to_text(split);
    Tally t;
    for (std::size_t i = 0; i < set.examples.size(); ++i) {
      auto row = cell_row(set, i, estimates[i], horizon, spec.level, t);
      row["split"] = name;
      out["cells"].push_back(std::move(row));
      if (split == Split::kTrain) continue;
      auto& policy = policies[set.cells[i].charge_policy];
      policy.predicted.push_back(estimates[i].life);
      policy.measured.push_back(set.examples[i].life);
    }
    out["coverage"][name] = coverage_row(t);
    if (split == Split::kTrain) continue;
    out["reliability"][name] = Json::array();
    reliability(set, estimates, horizon, out["reliability"][name]);
  }
  out["policies"] = policy_rows(policies);
  out["delta_q"] = delta_curves(data.at(Split::kTrain, horizon.n));
  return out;
}

}  // namespace regard::battery
