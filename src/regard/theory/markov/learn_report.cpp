// Words, tables, JSON and pages of what was learned.
#include <algorithm>
#include <cmath>
#include <map>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/theory/markov/learn.hpp"

namespace regard::markov {
namespace {

std::string rounded(double value, double digits = 1e4) {
  return shortest(std::round(value * digits) / digits);
}

/// "{a, b} and {c}" for the groups of a numbering, at most a few of each.
std::string sets_text(const PromptSet& prompts, const std::vector<int32_t>& group,
                      const std::vector<std::size_t>& among) {
  constexpr std::size_t kMostSets = 6, kMostTokens = 8;
  std::map<int32_t, std::vector<std::string>> sets;
  for (const auto i : among) {
    if (group[i] >= 0) sets[group[i]].push_back(prompts.label(static_cast<int64_t>(i)));
  }
  std::vector<std::string> parts;
  for (auto& [number, names] : sets) {
    if (parts.size() == kMostSets) {
      parts.push_back("...");
      break;
    }
    if (names.size() > kMostTokens) {
      names.resize(kMostTokens);
      names.push_back("...");
    }
    parts.push_back("{" + join(names, ", ") + "}");
  }
  return join(parts, ", ");
}

std::vector<std::size_t> members(const std::vector<int32_t>& group, int32_t of) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (group[i] == of) all.push_back(i);
  }
  return all;
}

int32_t count_of(const std::vector<int32_t>& group) {
  return group.empty() ? 0 : *std::max_element(group.begin(), group.end()) + 1;
}

void say_untold(const FitResult& result, std::size_t q, std::vector<std::string>& said) {
  const auto& fit = result.fits[q];
  const auto name = "After " + result.prompts.label(static_cast<int64_t>(q)) + ": ";
  if (fit.prompts == 0) {
    said.push_back(name + "no prompt, so nothing is told.");
    return;
  }
  const auto absent = members(fit.component, -1);
  if (!absent.empty()) {
    std::vector<std::string> names;
    for (std::size_t a = 0; a < std::min<std::size_t>(absent.size(), 8); ++a)
      names.push_back(result.prompts.label(static_cast<int64_t>(absent[a])));
    if (absent.size() > 8) names.push_back("...");
    said.push_back(name + "never in a prompt, so nothing is told of " + join(names, ", ") + ".");
  }
  std::vector<std::size_t> all(fit.component.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (count_of(fit.component) > 1)
    said.push_back(name + "the ratios between " + sets_text(result.prompts, fit.component, all) +
                   " are free: their tokens never occur in one prompt.");
  for (int32_t c = 0; c < count_of(fit.component); ++c) {
    const auto inside = members(fit.component, c);
    const bool split = std::any_of(inside.begin(), inside.end(), [&](std::size_t i) {
      return fit.tied[i] != fit.tied[inside.front()];
    });
    if (split)
      said.push_back(
          name + "the ratios between " + sets_text(result.prompts, fit.tied, inside) +
          " are estimated as infinite: one side never came next while the other was there; "
          "--pseudo or --ridge makes them finite.");
  }
}

}  // namespace

std::string sentence(const LearnSpec& spec, const LearnResult& result) {
  const auto& last = result.points.back();
  std::string text = "With " + std::to_string(last.prompts) +
                     " prompts the squared error of log pi is " + rounded(last.error, 1e6) + " ± " +
                     rounded(1.96 * last.standard_error, 1e6) + ", and tr(H⁺)/n is " +
                     rounded(last.predicted, 1e6) + " (ratio " +
                     report::fixed(last.error / last.predicted, 3) + ")";
  if (std::isfinite(result.slope))
    text += "; the slope of log error against log n is " + report::fixed(result.slope, 3);
  const auto most = *std::max_element(result.components.begin(), result.components.end());
  if (most > 1)
    text += "; a query has up to " + std::to_string(most) +
            " components, between which such data tells no ratio";
  return text + " (" + std::to_string(spec.seeds) + " seeds, " + spec.method + ").";
}

report::Table error_table(const LearnResult& result) {
  report::Table table;
  table.columns = {{"prompts", "prompts n", ""},     {"error", "squared error", ""},
                   {"standard_error", "± 95 %", ""}, {"predicted", "tr(H⁺)/n", ""},
                   {"ratio", "ratio", ""},           {"steps", "steps", ""},
                   {"infinite", "infinite fits", ""}};
  for (const auto& p : result.points)
    table.rows.push_back({report::number(static_cast<double>(p.prompts), 0),
                          report::number(p.error, 6), report::number(1.96 * p.standard_error, 6),
                          report::number(p.predicted, 6), report::number(p.error / p.predicted, 3),
                          report::number(p.steps, 1),
                          report::number(static_cast<double>(p.infinite), 0)});
  table.notes = {
      "The squared error is the sum over queries of |w - truth|², w = log pi less its mean."};
  return table;
}

report::Table graph_table(const LearnResult& result) {
  report::Table table;
  table.columns = {{"query", "query", "", report::Align::kLeft},
                   {"components", "components", ""},
                   {"fiedler", "Fiedler value", ""}};
  constexpr std::size_t kMost = 20;
  const auto rows = std::min(kMost, result.components.size());
  for (std::size_t q = 0; q < rows; ++q)
    table.rows.push_back({report::word(std::to_string(q)),
                          report::number(static_cast<double>(result.components[q]), 0),
                          report::number(result.fiedler[q], 5)});
  table.notes = {"Components: ratios between tokens of two of them are told by no such prompt."};
  if (rows < result.components.size()) table.notes.push_back("The first 20 queries.");
  return table;
}

Json to_json(const LearnSpec& spec, const LearnResult& result) {
  Json points = Json::array();
  for (const auto& p : result.points)
    points.push_back({{"prompts", p.prompts},
                      {"error", finite_or_null(p.error)},
                      {"standard_error", finite_or_null(p.standard_error)},
                      {"predicted", p.predicted},
                      {"steps", p.steps},
                      {"seeds", p.seeds},
                      {"infinite", p.infinite}});
  return {{"sentence", sentence(spec, result)},
          {"tokens", spec.tokens},
          {"length", spec.length},
          {"method", spec.method},
          {"points", points},
          {"slope", finite_or_null(result.slope)},
          {"components", result.components},
          {"fiedler", result.fiedler}};
}

std::vector<std::string> untold(const FitResult& result) {
  std::vector<std::string> said;
  for (std::size_t q = 0; q < result.fits.size(); ++q) say_untold(result, q, said);
  return said;
}

std::string sentence(const FitResult& result) {
  const auto n = static_cast<double>(result.prompts.prompts);
  double trace = 0, loss = 0;
  int64_t whole = 0;
  for (const auto& fit : result.fits) {
    trace += fit.trace;
    loss += fit.loss * fit.prompts / n;
    whole += fit.components == 1 && fit.tied == fit.component;
  }
  const auto queries = result.fits.size();
  return std::to_string(result.prompts.prompts) + " prompts of " +
         std::to_string(result.prompts.tokens) + " tokens tell all ratios after " +
         std::to_string(whole) + " of " + std::to_string(queries) + " queries; the loss is " +
         report::fixed(loss, 4) + " nats, and the expected squared error of what is told " +
         rounded(trace) + ".";
}

report::Table query_table(const FitResult& result, double wanted) {
  report::Table table;
  table.columns = {{"query", "query", "", report::Align::kLeft},
                   {"prompts", "prompts", ""},
                   {"components", "components", ""},
                   {"fiedler", "Fiedler value", ""},
                   {"loss", "loss", "nats"},
                   {"error", "expected squared error", ""},
                   {"steps", "steps", ""}};
  if (wanted > 0) table.columns.push_back({"needed", "prompts for the error", ""});
  for (std::size_t q = 0; q < result.fits.size(); ++q) {
    const auto& fit = result.fits[q];
    table.rows.push_back({report::word(result.prompts.label(static_cast<int64_t>(q))),
                          report::number(fit.prompts, 0),
                          report::number(static_cast<double>(fit.components), 0),
                          report::number(fit.fiedler, 5),
                          report::number(fit.prompts > 0 ? fit.loss : report::kAbsent, 4),
                          report::number(fit.prompts > 0 ? fit.trace : report::kAbsent, 6),
                          report::number(static_cast<double>(fit.steps), 0)});
    if (wanted > 0)
      table.rows.back().push_back(report::number(std::ceil(fit.prompts * fit.trace / wanted), 0));
  }
  table.notes = {
      "The Fiedler value is the second smallest eigenvalue of the Laplacian of a prompt; 0 where "
      "tokens that occur are not connected."};
  return table;
}

Json to_json(const FitResult& result, double wanted) {
  Json queries = Json::array();
  for (std::size_t q = 0; q < result.fits.size(); ++q) {
    const auto& fit = result.fits[q];
    Json one = {{"query", result.prompts.label(static_cast<int64_t>(q))},
                {"prompts", fit.prompts},
                {"components", fit.components},
                {"fiedler", fit.fiedler},
                {"loss", fit.loss},
                {"expected_error", fit.trace}};
    if (wanted > 0) one["prompts_needed"] = std::ceil(fit.prompts * fit.trace / wanted);
    for (std::size_t i = 0; i < fit.w.size(); ++i)
      one["estimates"].push_back({{"token", result.prompts.label(static_cast<int64_t>(i))},
                                  {"component", fit.component[i]},
                                  {"tied", fit.tied[i]},
                                  {"share", finite_or_null(fit.share[i])},
                                  {"log_error", finite_or_null(fit.share_error[i])}});
    queries.push_back(one);
  }
  return {{"sentence", sentence(result)}, {"untold", untold(result)}, {"queries", queries}};
}

std::string estimates_csv(const FitResult& result) {
  std::string csv = "query,token,component,tied,w,standard_error,pi,low,high\n";
  const auto field = [](double v) { return std::isfinite(v) ? shortest(v) : std::string(); };
  for (std::size_t q = 0; q < result.fits.size(); ++q) {
    const auto& fit = result.fits[q];
    for (std::size_t i = 0; i < fit.w.size(); ++i) {
      const double half = 1.959963985 * fit.share_error[i];
      csv += report::csv_field(result.prompts.label(static_cast<int64_t>(q))) + "," +
             report::csv_field(result.prompts.label(static_cast<int64_t>(i))) + "," +
             std::to_string(fit.component[i]) + "," + std::to_string(fit.tied[i]) + "," +
             field(fit.w[i]) + "," + field(fit.error[i]) + "," + field(fit.share[i]) + "," +
             field(fit.share[i] * std::exp(-half)) + "," + field(fit.share[i] * std::exp(half)) +
             "\n";
    }
  }
  return csv;
}

namespace {

report::Figure error_figure(const LearnResult& result) {
  std::vector<double> x, y, predicted, half;
  for (const auto& p : result.points) {
    if (p.seeds == 0) continue;
    x.push_back(static_cast<double>(p.prompts));
    y.push_back(p.error);
    predicted.push_back(p.predicted);
    half.push_back(1.96 * p.standard_error);
  }
  Json measured = {{"type", "scatter"},
                   {"mode", "markers"},
                   {"x", x},
                   {"y", y},
                   {"error_y", {{"type", "data"}, {"array", half}, {"color", "#0072B2"}}},
                   {"marker", {{"color", "#0072B2"}, {"size", 9}}},
                   {"hovertemplate", "n = %{x}: %{y:.4g}<extra></extra>"}};
  Json theory = {{"type", "scatter"},
                 {"mode", "lines"},
                 {"x", x},
                 {"y", predicted},
                 {"line", {{"color", "#D55E00"}, {"dash", "dash"}, {"width", 2}}},
                 {"hovertemplate", "tr(H⁺)/n = %{y:.4g}<extra></extra>"}};
  Json layout = {{"xaxis", {{"title", {{"text", "prompts n"}}}, {"type", "log"}}},
                 {"yaxis", {{"title", {{"text", "squared error"}}}, {"type", "log"}}},
                 {"hovermode", "closest"}};
  return {"error",
          "Points: the mean over seeds with its 95 % interval. Dashed: tr(H⁺)/n.",
          "Squared error against the number of prompts",
          {{"error", Json::array({theory, measured}), layout, {}}}};
}

}  // namespace

report::Document page(const LearnSpec& spec, const LearnResult& result,
                      const Environment& environment) {
  report::Document document;
  document.kicker = "Regard · self-attention as a Markov chain";
  document.title = "Learning a chain from prompts";
  document.scope = std::to_string(spec.tokens) + " tokens · prompts of " +
                   std::to_string(spec.length) + " · " + std::to_string(spec.seeds) + " seeds · " +
                   spec.method;
  document.sentence = sentence(spec, result);
  report::Block block;
  block.heading = "Error against the number of prompts";
  block.figures = {error_figure(result)};
  block.table = error_table(result);
  report::Block graph;
  graph.heading = "What such prompts can tell";
  graph.table = graph_table(result);
  document.blocks = {block, graph};
  document.environment = environment;
  return document;
}

report::Document page(const LearnSpec& spec, const FitResult& result,
                      const Environment& environment) {
  report::Document document;
  document.kicker = "Regard · self-attention as a Markov chain";
  document.title = "The chain of " + spec.file;
  document.scope = std::to_string(result.prompts.tokens) + " tokens · " +
                   std::to_string(result.prompts.prompts) + " prompts · " + spec.method;
  document.sentence = sentence(result);
  constexpr std::size_t kMost = 12;
  document.remarks = untold(result);
  if (document.remarks.size() > kMost) {
    document.remarks.resize(kMost);
    document.remarks.push_back("... and more queries; estimates.csv has all.");
  }
  report::Block block;
  block.heading = "Queries";
  block.table = query_table(result, spec.error);
  document.blocks = {block};
  document.environment = environment;
  return document;
}

}  // namespace regard::markov
