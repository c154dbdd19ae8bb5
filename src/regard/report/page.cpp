#include "regard/report/page.hpp"

#include <algorithm>
#include <cctype>

#include "regard/base/files.hpp"
#include "regard/report/figures.hpp"
#include "regard/report/html.hpp"
#include "regard/report/page_parts.hpp"
#include "regard/report/palette.hpp"
#include "regard/report/summary.hpp"

namespace regard::report {
namespace {

std::string count(std::size_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

std::string opening(const Comparison& comparison) {
  const auto names = phrases(comparison);
  const auto trained = names.size() - static_cast<std::size_t>(std::count(
                                          names.begin(), names.end(), std::string(kBagOfWords)));
  std::vector<int64_t> seeds;
  for (const auto& run : comparison.runs) {
    if (!run.any_seed) seeds.push_back(run.seed);
  }
  std::sort(seeds.begin(), seeds.end());
  seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
  std::string scope = comparison.task;
  std::replace(scope.begin(), scope.end(), '_', ' ');
  if (!scope.empty()) scope[0] = static_cast<char>(std::toupper(scope[0]));
  scope += " · " + count(trained, "phrase") + " · " + count(seeds.size(), "seed");
  if (!comparison.budget.empty()) scope += " · " + comparison.budget;
  const auto said = answer(comparison);
  std::string html = "<header>\n<p class=\"kicker\">Regard · " +
                     std::string(trained > 1 ? "comparison of self-attention" : "training run") +
                     "</p>\n<h1>" + escape(comparison.title) + "</h1>\n<p class=\"scope\">" +
                     escape(scope) + "</p>\n" + answer_html(said.sentence, said.remarks);
  return html + "</header>\n";
}

std::string pill(const std::string& verdict) {
  const std::string kind = verdict == "better" ? " better" : verdict == "worse" ? " worse" : "";
  const std::string sign = verdict == "better" ? "▲ " : verdict == "worse" ? "▼ " : "";
  return "<span class=\"pill" + kind + "\">" + sign + escape(verdict) + "</span>";
}

std::string results(const Comparison& comparison) {
  const auto table = summary(comparison);
  const auto all_marks = marks(phrases(comparison));
  const auto cell = [&](std::size_t r, std::size_t c) {
    const auto& key = table.columns[c].key;
    const auto& text = table.rows[r][c].text;
    if (key == "phrase") return swatch(all_marks.at(text)) + escape(text);
    return key == "verdict" ? pill(text) : number_html(text);
  };
  const bool several = table.rows.size() > 1;
  std::string html = "<section>\n<h2>" + std::string(several ? "Results, best first" : "Result") +
                     "</h2>\n<div class=\"scroll\" tabindex=\"0\">\n" +
                     html_table(table, several ? 0 : -1, cell) + "</div>\n" + notes_html(table);
  return html + "</section>\n";
}

std::string legend(const Comparison& comparison) {
  const auto names = phrases(comparison);
  return legend_html(names, marks(names), "Phrases shown in the figures");
}

std::string map_lead(const std::vector<AttentionMap>& maps) {
  const auto gates =
      std::count_if(maps.begin(), maps.end(), [](const AttentionMap& m) { return m.gate; });
  std::string lead;
  if (static_cast<std::size_t>(gates) < maps.size()) {
    lead += "Weights: row, the query; column, the key; each row sums to 1. ";
  }
  if (gates > 0) {
    lead +=
        "Gates T·w of a fold without scores between pairs: 1 (white) weighs a position as the mean "
        "would; the "
        "colour scale is the same in every report, from 0.14 to 7.4. ";
  }
  return lead;
}

bool several_seeds(const Comparison& comparison) {
  return comparison.runs.size() > phrases(comparison).size();
}

/// Figures with their data and scripts, or one sentence when no bundle was found.
struct Drawn {
  std::string sections, scripts;
};

Drawn figures(const Comparison& comparison, const Plotly& plotly) {
  const std::vector<Figure> curves = {curves_by_step(comparison), curves_by_seconds(comparison)};
  const std::vector<Figure> costs = {quality_by_seconds(comparison), quality_by_memory(comparison)};
  const std::vector<Figure> edges = {quality_by_edges(comparison)};
  const bool any =
      !comparison.maps.empty() || !curves[0].variants.empty() || !costs[0].variants.empty();
  if (!any) return {};
  if (plotly.code.empty()) {
    return {"<section>\n<p class=\"missing\">The figures are left out: " + escape(plotly.missing) +
                ". The tables are complete.</p>\n</section>\n",
            ""};
  }
  Drawn drawn;
  const auto curve_pair = pair_html(curves);
  if (!curve_pair.empty()) {
    drawn.sections += section(
        "Learning curves",
        std::string(several_seeds(comparison) ? "Lines are means over seeds; bands reach from the "
                                                "smallest to the largest seed. "
                                              : "") +
            "The frame of a loss leaves out the steep first tenth; double-click to see all.",
        legend(comparison) + curve_pair);
  }
  drawn.sections += section(
      "Quality against cost",
      std::string("The grey line joins the phrases that no other beats in both.") +
          (several_seeds(comparison) ? " Vertical bars: 95 % interval of the mean; horizontal "
                                       "bars: from the smallest to the largest seed."
                                     : ""),
      pair_html(costs));
  if (!edges[0].variants.empty()) {
    drawn.sections +=
        section("Quality against edges", "How many keys a query keeps, and what it comes to.",
                pair_html(edges));
  }
  Json content = {{"figures", Json::object()}, {"maps", maps_json(comparison.maps)}};
  add_figures(curves, content);
  add_figures(costs, content);
  add_figures(edges, content);
  if (!comparison.maps.empty()) {
    drawn.sections +=
        section("What attends to what", map_lead(comparison.maps),
                "<div class=\"menus\" id=\"map-menus\"></div>\n<figure>\n<div class=\"figure\" "
                "id=\"map\" role=\"img\" aria-label=\"Attention map\"></div>\n</figure>\n");
  }
  drawn.scripts = scripts_html(content, plotly);
  return drawn;
}

std::string appendix(const Comparison& comparison) {
  std::string html;
  if (!comparison.runs.empty()) {
    html += details("Every run",
                    "<div class=\"scroll\">\n" + html_table(every_run(comparison)) + "</div>\n");
  }
  if (!comparison.recipe_toml.empty()) {
    html += details("Resolved recipe", "<pre>" + escape(comparison.recipe_toml) + "</pre>\n");
  }
  return html.empty() ? "" : "<section>\n" + html + "</section>\n";
}

}  // namespace

std::string page(const Comparison& comparison, const Plotly& plotly) {
  const auto drawn = figures(comparison, plotly);
  std::string html =
      head_html(comparison.title) + opening(comparison) + results(comparison) + drawn.sections;
  if (!comparison.samples.empty()) {
    html += section("A sample of text", "",
                    "<pre class=\"sample\">" + escape(comparison.samples) + "</pre>\n");
  }
  if (!comparison.environment.empty()) {
    html += section("Machine and versions", "", pairs_table(comparison.environment));
  }
  return html + appendix(comparison) + "</main>\n" + drawn.scripts + "</body>\n</html>\n";
}

void write_page(const Comparison& comparison, const std::filesystem::path& path) {
  write_atomically(path, page(comparison, find_plotly()));
}

}  // namespace regard::report
