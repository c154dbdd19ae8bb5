#include "regard/battery/models/study_figures.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "regard/base/json.hpp"
#include "regard/battery/models/tokens.hpp"
#include "regard/report/palette.hpp"
#include "regard/report/statistics.hpp"
#include "regard/report/table.hpp"

namespace regard::battery {
namespace {

const std::map<std::string, std::string> kColours = {
    {"train", "#9aa3ad"}, {"primary", "#0072B2"}, {"secondary", "#D55E00"}};
constexpr std::array kTests = {"primary", "secondary"};

Json axis(const std::string& title, Json more = Json::object()) {
  more["title"] = {{"text", title}};
  return more;
}

Json line(const Json& x, const Json& y, const std::string& colour, const std::string& name,
          const char* dash) {
  return {{"type", "scatter"},
          {"mode", "lines"},
          {"x", x},
          {"y", y},
          {"name", name},
          {"line", {{"color", colour}, {"width", 2}, {"dash", dash}}}};
}

Json diagonal(double low, double high) {
  return {{"type", "scatter"},
          {"mode", "lines"},
          {"x", {low, high}},
          {"y", {low, high}},
          {"line", {{"color", "#9aa3ad"}, {"width", 1}}},
          {"hoverinfo", "skip"}};
}

std::vector<Json> of_split(const Json& bands, const std::string& split) {
  std::vector<Json> cells;
  for (const auto& cell : bands.at("cells")) {
    if (cell.at("split") == split) cells.push_back(cell);
  }
  return cells;
}

double mean_of(const Json& list) {
  std::vector<double> values;
  for (const auto& v : list) {
    if (!v.is_null()) values.push_back(v.get<double>());
  }
  return report::mean(values);
}

}  // namespace

report::Figure parity_figure(const Json& bands) {
  Json data = {diagonal(100, 2300)};
  for (const auto& [split, colour] : kColours) {
    Json x = Json::array(), y = Json::array(), up = Json::array(), down = Json::array(),
         text = Json::array();
    for (const auto& cell : of_split(bands, split)) {
      const double predicted = cell.at("predicted");
      x.push_back(cell.at("life"));
      y.push_back(std::round(predicted));
      up.push_back(std::round(cell.at("high").get<double>() - predicted));
      down.push_back(std::round(predicted - cell.at("low").get<double>()));
      text.push_back(cell.at("cell").get<std::string>() +
                     (cell.at("outside") ? ", out of distribution" : ""));
    }
    data.push_back(
        {{"type", "scatter"},
         {"mode", "markers"},
         {"name", split},
         {"x", x},
         {"y", y},
         {"text", text},
         {"marker", {{"color", colour}, {"size", 7}}},
         {"error_y",
          {{"type", "data"},
           {"symmetric", false},
           {"array", up},
           {"arrayminus", down},
           {"color", report::translucent(colour, 0.3)},
           {"thickness", 1},
           {"width", 0}}},
         {"hovertemplate", "%{text}: measured %{x}, predicted %{y}<extra>" + split + "</extra>"}});
  }
  const Json layout = {{"xaxis", axis("measured life (cycles)")},
                       {"yaxis", axis("predicted life (cycles)")},
                       {"hovermode", "closest"}};
  return {"battery-parity",
          "Predicted against measured life with intervals. Blue: primary, orange: secondary, grey: "
          "training cells. The line: equal.",
          "Predicted life against measured life for each cell, by split",
          {{"life", data, layout}}};
}

report::Figure cycles_figure(const Json& rows) {
  report::Figure figure{"battery-cycles",
                        "Error of life against the number of early cycles. Blue: ours, green: "
                        "PLS-6, grey: variance model.",
                        "RMSE of life against the number of early cycles for three models",
                        {}};
  const std::map<std::string, std::string> colours = {
      {"ours", "#0072B2"}, {"pls6", "#009E73"}, {"variance", "#9aa3ad"}};
  for (const char* split : kTests) {
    Json data = Json::array();
    for (const auto& [name, colour] : colours) {
      Json x = Json::array(), y = Json::array();
      for (const auto& row : rows) {
        if (row.at("name") != name) continue;
        x.push_back(row.at("n"));
        y.push_back(std::round(10 * mean_of(row.at("sets").at(split).at("rmse"))) / 10);
      }
      data.push_back(line(x, y, colour, name == "pls6" ? "PLS-6" : name, "solid"));
    }
    const Json layout = {{"xaxis", axis("early cycles")},
                         {"yaxis", axis("RMSE of life (cycles)", {{"rangemode", "tozero"}})}};
    figure.variants.push_back({split, data, layout});
  }
  return figure;
}

report::Figure curves_figure(const Json& bands) {
  report::Figure figure{
      "battery-curves",
      "Six cells from the shortest to the longest life, a colour each. Dots: measured. Line and "
      "band: predicted.",
      "Measured and predicted capacity loss with bands for six cells of each test",
      {}};
  const std::array colours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"};
  for (const char* split : kTests) {
    auto cells = of_split(bands, split);
    std::erase_if(cells, [](const Json& cell) { return !cell.contains("measured"); });
    std::sort(cells.begin(), cells.end(), [](const Json& a, const Json& b) {
      return a.at("life").get<double>() < b.at("life").get<double>();
    });
    Json data = Json::array();
    for (std::size_t k = 0; k < colours.size() && !cells.empty(); ++k) {
      const auto& cell = cells[k * (cells.size() - 1) / (colours.size() - 1)];
      const auto& curve = cell.at("curve");
      const std::string name = cell.at("cell");
      Json x = curve.at("cycle"), y = curve.at("high");
      for (std::size_t i = curve.at("cycle").size(); i-- > 0;) {
        x.push_back(curve.at("cycle")[i]);
        y.push_back(curve.at("low")[i]);
      }
      data.push_back({{"type", "scatter"},
                      {"x", x},
                      {"y", y},
                      {"fill", "toself"},
                      {"hoverinfo", "skip"},
                      {"fillcolor", report::translucent(colours[k], 0.12)},
                      {"line", {{"width", 0}}},
                      {"mode", "lines"}});
      data.push_back(line(curve.at("cycle"), curve.at("loss"), colours[k], name, "solid"));
      data.push_back({{"type", "scatter"},
                      {"mode", "markers"},
                      {"x", cell.at("measured").at("cycle")},
                      {"y", cell.at("measured").at("loss")},
                      {"marker", {{"color", colours[k]}, {"size", 4}}},
                      {"name", name}});
    }
    const Json layout = {
        {"xaxis", axis("cycle", {{"rangemode", "tozero"}})},
        {"yaxis", axis("capacity loss", {{"tickformat", ".0%"}, {"range", {-0.03, 0.27}}})},
        {"hovermode", "closest"}};
    figure.variants.push_back({split, data, layout});
  }
  return figure;
}

report::Figure reliability_figure(const Json& bands) {
  report::Figure figure{
      "battery-reliability",
      "Share that the intervals hold against what they promise. Blue: primary, orange: secondary. "
      "The line: equal.",
      "Coverage of intervals against their level, for lives and curves of both tests",
      {}};
  for (const char* what : {"life", "curve"}) {
    Json data = {diagonal(0, 1)};
    for (const char* split : kTests) {
      Json x = Json::array(), y = Json::array();
      for (const auto& row : bands.at("reliability").at(split)) {
        x.push_back(row.at("level"));
        y.push_back(std::round(1000 * row.at(what).get<double>()) / 1000);
      }
      data.push_back(line(x, y, kColours.at(split), split, "solid"));
    }
    const Json layout = {{"xaxis", axis("promised", {{"tickformat", ".0%"}})},
                         {"yaxis", axis("held", {{"tickformat", ".0%"}})}};
    figure.variants.push_back({what, data, layout});
  }
  return figure;
}

report::Figure delta_figure(const Json& bands) {
  const auto grid = token_voltages();
  Json data = Json::array();
  for (const auto& row : bands.at("delta_q")) {
    Json x = Json::array();
    for (std::size_t v = 0; v < row.at("dq").size(); ++v)
      x.push_back(std::round(1e4 * grid[std::min(v, grid.size() - 1)]) / 1e4);
    // From short (orange) to long life (blue) on a logarithmic scale.
    const double share =
        std::clamp(std::log(row.at("life").get<double>() / 300) / std::log(2200.0 / 300), 0.0, 1.0);
    const auto mix = [share](double a, double b) {
      return std::to_string(static_cast<int>(a + share * (b - a)));
    };
    const std::string colour = "rgb(" + mix(213, 0) + "," + mix(94, 114) + "," + mix(0, 178) + ")";
    auto trace = line(x, row.at("dq"), colour, row.at("cell"), "solid");
    trace["line"]["width"] = 1;
    trace["hovertemplate"] = row.at("cell").get<std::string>() + ", life " +
                             report::fixed(row.at("life").get<double>(), 0) +
                             ": %{y} Ah at %{x} V<extra></extra>";
    data.push_back(std::move(trace));
  }
  const Json layout = {
      {"xaxis", axis("voltage (V)")}, {"yaxis", axis("dQ (Ah)")}, {"hovermode", "closest"}};
  return {
      "battery-delta-q",
      "dQ(V) of the training cells, from short (orange) to long life (blue).",
      "Shift of the discharge capacity against voltage for each training cell, coloured by life",
      {{"dQ", data, layout}}};
}

}  // namespace regard::battery
