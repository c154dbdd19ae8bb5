// Learning curves: a line for the mean over seeds, a band from the smallest to the largest seed.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "regard/report/figures.hpp"
#include "regard/report/palette.hpp"

namespace regard::report {
namespace {

struct Measure {
  std::string name, axis, format;
  Reading value;
  bool lower_is_better;
  bool percent = false;
};

using ByName = std::map<std::string, double>;

/// All names that points have in `member`, in the order of the alphabet.
std::set<std::string> names_in(const Comparison& comparison, ByName Point::*member) {
  std::set<std::string> names;
  for (const auto& run : comparison.runs) {
    for (const auto& point : run.curve) {
      for (const auto& [name, value] : point.*member) names.insert(name);
    }
  }
  return names;
}

Reading reading(ByName Point::*member, const std::string& name) {
  return [member, name](const Point& point) {
    const auto found = (point.*member).find(name);
    return found == (point.*member).end() ? kAbsent : found->second;
  };
}

std::vector<Measure> measures(const Comparison& comparison) {
  const Measure loss = {"validation loss", "validation loss (nats)", ".3f", &Point::valid_loss,
                        true};
  const Measure accuracy = {
      "validation accuracy", "validation accuracy", ".1%", &Point::valid_accuracy, false, true};
  const Measure train = {"training loss", "training loss (nats)", ".3f", &Point::train_loss, true};
  std::vector<Measure> all = {loss, train};
  if (comparison.measure.percent) all.insert(all.begin(), accuracy);
  for (const auto& name : names_in(comparison, &Point::scores)) {
    if (name == "edges_per_query") {
      all.push_back(
          {"edges a query", "keys that a query keeps", ".3g", reading(&Point::scores, name), true});
      continue;
    }
    if (name == "edge_recall") {
      all.push_back({"recall of planted edges", "share of planted edges that are kept", ".1%",
                     reading(&Point::scores, name), false, true});
      continue;
    }
    const bool decides = name == comparison.measure.name;
    const auto title = "validation " + name;
    const Measure measure = {title, title, ".1%", reading(&Point::scores, name), false, true};
    all.insert(decides ? all.begin() : all.end(), measure);
  }
  for (const auto& name : names_in(comparison, &Point::losses)) {
    all.push_back(
        {"loss " + name, "auxiliary loss " + name, ".3g", reading(&Point::losses, name), true});
  }
  return all;
}

/// Finished runs of the phrase; of a phrase without any, those that were started.
std::vector<const Run*> runs_to_draw(const Comparison& comparison, const std::string& phrase) {
  std::vector<const Run*> finished, started;
  for (const auto& run : comparison.runs) {
    if (run.phrase != phrase) continue;
    started.push_back(&run);
    if (run.finished) finished.push_back(&run);
  }
  return finished.empty() ? started : finished;
}

Json band_trace(const std::string& phrase, const Band& b, const Mark& mark) {
  std::vector<double> x = b.x, y = b.high;
  x.insert(x.end(), b.x.rbegin(), b.x.rend());
  y.insert(y.end(), b.low.rbegin(), b.low.rend());
  return {{"type", "scatter"},
          {"mode", "lines"},
          {"x", x},
          {"y", y},
          {"fill", "toself"},
          {"fillcolor", translucent(mark.colour, 0.16)},
          {"line", {{"width", 0}}},
          {"hoverinfo", "skip"},
          {"meta", phrase}};
}

Json line_trace(const std::string& phrase, const Band& b, const Mark& mark,
                const Measure& measure) {
  Json trace = {{"type", "scatter"},
                {"mode", b.x.size() > 1 ? "lines" : "markers"},
                {"x", b.x},
                {"y", b.centre},
                {"name", phrase},
                {"meta", phrase},
                {"line", {{"color", mark.colour}, {"dash", mark.dash}, {"width", 2}}},
                {"marker", {{"color", mark.colour}, {"size", 8}}}};
  std::string hover = "%{y:" + measure.format + "}";
  if (b.seeds > 1) {
    Json range = Json::array();
    for (std::size_t i = 0; i < b.x.size(); ++i) range.push_back({b.low[i], b.high[i]});
    trace["customdata"] = range;
    hover +=
        "  (%{customdata[0]:" + measure.format + "} to %{customdata[1]:" + measure.format + "})";
  }
  trace["hovertemplate"] = hover;
  return trace;
}

/// The frame leaves out the steep first tenth, which would press every difference flat.
std::pair<double, double> frame(const std::vector<Band>& bands, bool lower_is_better) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double last = 0, low = kInfinity, high = -kInfinity;
  for (const auto& b : bands) {
    if (!b.x.empty()) last = std::max(last, b.x.back());
  }
  for (const auto& b : bands) {
    for (std::size_t i = 0; i < b.x.size(); ++i) {
      const bool shown = b.x[i] >= 0.1 * last || !lower_is_better;
      if (shown) low = std::min(low, b.low[i]);
      if (shown) high = std::max(high, b.high[i]);
    }
  }
  const double pad = high > low ? 0.05 * (high - low) : 0.05 * std::max(1e-3, std::abs(high));
  return {low - pad, high + pad};
}

Figure curves(const Comparison& comparison, double Point::*x, const std::string& x_axis) {
  Figure figure;
  const auto names = phrases(comparison);
  const auto all_marks = marks(names);
  for (const auto& measure : measures(comparison)) {
    std::vector<Band> bands;
    for (const auto& name : names)
      bands.push_back(band(runs_to_draw(comparison, name), x, measure.value));
    Json data = Json::array();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (bands[i].seeds > 1)
        data.push_back(band_trace(names[i], bands[i], all_marks.at(names[i])));
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (bands[i].x.empty()) continue;
      data.push_back(line_trace(names[i], bands[i], all_marks.at(names[i]), measure));
    }
    if (data.empty()) continue;
    const auto [low, high] = frame(bands, measure.lower_is_better);
    Json layout = {{"xaxis", {{"title", {{"text", x_axis}}}, {"rangemode", "tozero"}}},
                   {"yaxis", {{"title", {{"text", measure.axis}}}, {"range", {low, high}}}},
                   {"hovermode", "closest"}};
    if (measure.percent) layout["yaxis"]["tickformat"] = ".0%";
    if (x == &Point::step) layout["hovermode"] = "x unified";
    figure.variants.push_back({measure.name, data, layout});
  }
  return figure;
}

}  // namespace

Band band(const std::vector<const Run*>& runs, double Point::*x, const Reading& y) {
  struct Sample {
    double x, y;
  };
  std::map<double, std::vector<Sample>> at_step;
  Band result;
  for (const auto* run : runs) {
    bool measured = false;
    for (const auto& point : run->curve) {
      if (!std::isfinite(point.step) || !std::isfinite(point.*x) || !std::isfinite(y(point)))
        continue;
      at_step[point.step].push_back({point.*x, y(point)});
      measured = true;
    }
    result.seeds += measured ? 1 : 0;
  }
  for (const auto& [step, samples] : at_step) {
    // A step that one seed lacks (it stopped early) would make the mean jump.
    if (static_cast<int64_t>(samples.size()) < result.seeds) continue;
    double sum_x = 0, sum_y = 0, low = samples[0].y, high = samples[0].y;
    for (const auto& s : samples) {
      sum_x += s.x;
      sum_y += s.y;
      low = std::min(low, s.y);
      high = std::max(high, s.y);
    }
    const auto n = static_cast<double>(samples.size());
    result.x.push_back(sum_x / n);
    result.centre.push_back(sum_y / n);
    result.low.push_back(low);
    result.high.push_back(high);
  }
  return result;
}

Figure curves_by_step(const Comparison& comparison) {
  auto figure = curves(comparison, &Point::step, "step");
  figure.id = "curve-step";
  figure.description = "Learning curves against training steps, one line for each phrase";
  if (phrases(comparison).size() < 2) return figure;
  figure.caption = "By steps: what each phrase learns from the same number of batches.";
  return figure;
}

Figure curves_by_seconds(const Comparison& comparison) {
  auto figure = curves(comparison, &Point::seconds, "training time (s)");
  figure.id = "curve-seconds";
  figure.description = "Learning curves against seconds of training, one line for each phrase";
  if (phrases(comparison).size() < 2) return figure;
  figure.caption = "By time: what each phrase learns in the same seconds on this machine.";
  return figure;
}

}  // namespace regard::report
