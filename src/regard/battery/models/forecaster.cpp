#include "regard/battery/models/forecaster.hpp"

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/battery/models/examples.hpp"
#include "regard/battery/models/tokens.hpp"

namespace regard::battery {
namespace {

namespace fs = std::filesystem;
constexpr int kCurvePoints = 60;

Json to_json(const Value& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Value from_json(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number()) return json.get<double>();
  return json.get<std::string>();
}

/// The interval of the life at a threshold: the curves through the ends of the interval at
/// kEndOfLife.
Life life_between(const Estimate& estimate, const Range& range, double threshold, double last) {
  auto life = estimate.curve.life(threshold, last);
  if (!life.known()) return life;
  const auto at = [&](double end_of_life) {
    return estimate_through(end_of_life, estimate.curve.b, estimate.curve.c)
        .curve.life(threshold, last)
        .cycle;
  };
  life.low = at(range.low);
  life.high = at(range.high);
  return life;
}

int64_t last_cycle(const Cell& cell) {
  int64_t last = cell.cycle.empty() ? 0 : cell.cycle.back();
  return cell.voltage.empty() ? last : std::max(last, cell.voltage.cycle.back());
}

template <class Band>
void draw(const Estimate& estimate, double life, const Band& band, Forecast& out) {
  for (int i = 0; i <= kCurvePoints; ++i) {
    const double cycle = std::round(2 + (1.2 * life - 2) * i / kCurvePoints);
    const auto range = band(cycle);
    out.cycle.push_back(cycle);
    out.loss.push_back(estimate.curve.loss(cycle));
    out.low.push_back(range.low);
    out.high.push_back(range.high);
  }
}

}  // namespace

Forecast Forecaster::forecast(const Cell& cell, const std::string& threshold) const {
  Forecast out;
  out.cell = cell.name;
  const Horizon* use = nullptr;
  for (const auto& horizon : horizons_) {
    if (last_cycle(cell) >= horizon.n) use = &horizon;
  }
  if (use == nullptr) {
    out.why = cell.name + ": " + std::to_string(horizons_.at(0).n) +
              " early cycles or more were expected, and " + std::to_string(last_cycle(cell)) +
              " came";
    return out;
  }
  out.n = use->n;
  const auto goal = parse_threshold(threshold, cell.nominal_ah);
  out.threshold = goal.loss;
  const auto last = static_cast<double>(last_cycle(cell));
  try {
    out.curves = has_tokens(cell, use->n);
    if (out.curves) {
      const auto example = make_example(cell, use->n);
      const auto estimate = use->model->predict({example})[0];
      if (std::isnan(estimate.life)) {
        out.why = cell.name +
                  ": a loss below 20 % at the first cycles was expected; is the nominal "
                  "capacity right?";
        return out;
      }
      out.distance = use->near.distance(example.summary);
      out.outside = out.distance > use->near.limit();
      out.curve = estimate.curve;
      out.life = life_between(estimate, use->calibration.life(estimate, out.distance, level_),
                              goal.loss, last);
      draw(
          estimate, estimate.life,
          [&](double c) { return use->calibration.loss(estimate, out.distance, c, level_); }, out);
    } else {
      const auto posterior = use->capacity.posterior(cell, use->n);
      const auto estimate = posterior.centre();
      out.distance = use->capacity.distance(cell, use->n);
      out.outside = use->capacity.outside(cell, use->n);
      out.curve = estimate.curve;
      out.life = life_between(estimate, posterior.life(level_), goal.loss, last);
      draw(
          estimate, estimate.life, [&](double c) { return posterior.loss(c, level_); }, out);
    }
  } catch (const InputError& error) {
    out.why = error.what();
  }
  return out;
}

void Forecaster::save(const fs::path& folder) const {
  make_directory(folder);
  Json json = {{"format", "regard-battery-1"}, {"level", level_}};
  auto spec = spec_;
  for (const auto& field : fields([&](Visitor& f) { spec.visit(f); }))
    json["model"][field.name] = to_json(field.value);
  json["horizons"] = Json::array();
  for (const auto& h : horizons_) {
    train::save_safetensors(folder / ("cycles" + std::to_string(h.n) + ".safetensors"),
                            h.model->state(), {});
    json["horizons"].push_back({{"n", h.n},
                                {"calibration", h.calibration.to_json()},
                                {"near", h.near.to_json()},
                                {"capacity", h.capacity.to_json()}});
  }
  write_atomically(folder / "model.json", json.dump(1) + "\n");
}

Forecaster Forecaster::load(const fs::path& folder) {
  const auto path = folder / "model.json";
  if (!fs::exists(path))
    throw InputError(folder.string() +
                     ": the folder of a run of `regard battery train` was expected, and it has no "
                     "model.json");
  try {
    const auto json = Json::parse(read_file(path));
    if (json.at("format") != "regard-battery-1")
      throw InputError(path.string() + ": format regard-battery-1 was expected, and " +
                       json.at("format").dump() + " came");
    AttentionLifeSpec spec;
    std::vector<std::pair<std::string, Value>> given;
    for (const auto& [name, value] : json.at("model").items())
      given.emplace_back(name, from_json(value));
    assign([&](Visitor& f) { spec.visit(f); }, given, path.string());
    Forecaster out(spec, json.at("level").get<double>());
    for (const auto& h : json.at("horizons")) {
      Horizon horizon{h.at("n").get<int64_t>(), std::make_shared<AttentionLife>(spec),
                      Calibration::from_json(h.at("calibration")),
                      Neighbourhood::from_json(h.at("near")),
                      CapacityPrior::from_json(h.at("capacity"))};
      horizon.model->load(
          train::load_safetensors(folder / ("cycles" + std::to_string(horizon.n) + ".safetensors"))
              .tensors);
      out.add(std::move(horizon));
    }
    if (out.horizons_.empty())
      throw InputError(path.string() + ": at least one horizon was expected, and none came");
    return out;
  } catch (const Json::exception& error) {
    throw InputError(
        path.string() +
        ": a run of `regard battery train` was expected, and it is damaged: " + error.what());
  }
}

}  // namespace regard::battery
