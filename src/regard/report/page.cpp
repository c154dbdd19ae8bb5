#include "regard/report/page.hpp"

#include <algorithm>

#include "regard/base/files.hpp"
#include "regard/report/figures.hpp"
#include "regard/report/html.hpp"
#include "regard/report/page_assets.hpp"
#include "regard/report/palette.hpp"
#include "regard/report/summary.hpp"

namespace regard::report {
namespace {

const char* const kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: "
    "blob:";

std::string swatch(const Mark& mark) {
  const std::string dashes = mark.dash == "dash"       ? "6 4"
                             : mark.dash == "dot"      ? "2 3"
                             : mark.dash == "dashdot"  ? "7 3 2 3"
                             : mark.dash == "longdash" ? "10 4"
                                                       : "";
  return "<svg class=\"swatch\" width=\"24\" height=\"8\" aria-hidden=\"true\"><line x1=\"0\" "
         "y1=\"4\" x2=\"24\" y2=\"4\" "
         "stroke=\"" +
         mark.colour + "\" stroke-width=\"3\"" +
         (dashes.empty() ? "" : " stroke-dasharray=\"" + dashes + "\"") + "/></svg>";
}

std::string count(std::size_t n, const std::string& one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

std::string head(const Comparison& comparison) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         std::string(kPolicy) +
         "\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"generator\" content=\"regard\">\n<title>" +
         escape(comparison.title) + "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>" +
         kPageStyle + "</style>\n</head>\n<body>\n<main>\n";
}

std::string opening(const Comparison& comparison) {
  const auto names = phrases(comparison);
  std::vector<int64_t> seeds;
  for (const auto& run : comparison.runs) seeds.push_back(run.seed);
  std::sort(seeds.begin(), seeds.end());
  seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
  std::string scope = comparison.task == Task::kLanguageModel ? "Language model" : "Classification";
  scope += " · " + count(names.size(), "phrase") + " · " + count(seeds.size(), "seed");
  if (!comparison.budget.empty()) scope += " · " + comparison.budget;
  const auto said = answer(comparison);
  std::string html =
      "<header>\n<p class=\"kicker\">Regard · " +
      std::string(names.size() > 1 ? "comparison of self-attention" : "training run") +
      "</p>\n<h1>" + escape(comparison.title) + "</h1>\n<p class=\"scope\">" + escape(scope) +
      "</p>\n<div class=\"answer\">\n<p>" + rich(said.sentence) + "</p>\n";
  if (!said.remarks.empty()) {
    html += "<ul>\n";
    for (const auto& remark : said.remarks) html += "<li>" + rich(remark) + "</li>\n";
    html += "</ul>\n";
  }
  return html + "</div>\n</header>\n";
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
                     html_table(table, several ? 0 : -1, cell) + "</div>\n<ul class=\"notes\">\n";
  for (const auto& note : table.notes) html += "<li>" + rich(note) + "</li>\n";
  html += "<li class=\"download\"><a download=\"regard.csv\" href=\"" +
          escape(data_address("text/csv", to_csv(table))) +
          "\">This table as CSV</a>, with all digits.</li>\n";
  return html + "</ul>\n</section>\n";
}

std::string legend(const Comparison& comparison) {
  const auto names = phrases(comparison);
  if (names.size() < 2) return "";
  std::string html =
      "<div class=\"legend\" role=\"group\" aria-label=\"Phrases shown in the figures\">\n";
  const auto all_marks = marks(names);
  for (const auto& name : names) {
    html += "<button type=\"button\" aria-pressed=\"true\" data-phrase=\"" + escape(name) + "\">" +
            swatch(all_marks.at(name)) + escape(name) + "</button>\n";
  }
  return html + "</div>\n";
}

std::string figure_html(const Figure& figure) {
  return "<figure>\n<div class=\"figure\" id=\"" + figure.id + "\" role=\"img\" aria-label=\"" +
         escape(figure.description) + "\"></div>\n" +
         (figure.caption.empty() ? ""
                                 : "<figcaption>" + escape(figure.caption) + "</figcaption>\n") +
         "</figure>\n";
}

/// Two figures side by side, with one row of buttons that switches both.
std::string pair_html(const std::vector<Figure>& pair) {
  std::string ids, figures;
  const Figure* drawn = nullptr;
  for (const auto& figure : pair) {
    if (figure.variants.empty()) continue;
    if (drawn == nullptr || figure.variants.size() > drawn->variants.size()) drawn = &figure;
    ids += (ids.empty() ? "" : " ") + figure.id;
    figures += figure_html(figure);
  }
  if (drawn == nullptr) return "";
  std::string html;
  if (drawn->variants.size() > 1) {
    html +=
        "<div class=\"switch\" role=\"group\" aria-label=\"What the curves show\" data-figures=\"" +
        ids + "\">";
    for (const auto& variant : drawn->variants) {
      html += "<button type=\"button\" aria-pressed=\"" +
              std::string(&variant == drawn->variants.data() ? "true" : "false") +
              "\" data-variant=\"" + escape(variant.name) + "\">" + escape(variant.name) +
              "</button>";
    }
    html += "</div>\n";
  }
  return html + "<div class=\"pair\">\n" + figures + "</div>\n";
}

std::string section(const std::string& title, const std::string& lead, const std::string& body) {
  if (body.empty()) return "";
  return "<section>\n<h2>" + title + "</h2>\n" +
         (lead.empty() ? "" : "<p class=\"lead\">" + lead + "</p>\n") + body + "</section>\n";
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
  Json content = {{"figures", Json::object()}, {"maps", maps_json(comparison.maps)}};
  for (const auto* group : {&curves, &costs}) {
    for (const auto& figure : *group) {
      if (figure.variants.empty()) continue;
      auto& variants = content["figures"][figure.id] = Json::array();
      for (const auto& v : figure.variants) {
        variants.push_back({{"name", v.name}, {"data", v.data}, {"layout", v.layout}});
      }
    }
  }
  if (!comparison.maps.empty()) {
    drawn.sections +=
        section("What attends to what", map_lead(comparison.maps),
                "<div class=\"menus\" id=\"map-menus\"></div>\n<figure>\n<div class=\"figure\" "
                "id=\"map\" role=\"img\" aria-label=\"Attention map\"></div>\n</figure>\n");
  }
  drawn.scripts = "<script type=\"application/json\" id=\"content\">" +
                  for_script(content.dump(-1, ' ', false, Json::error_handler_t::replace)) +
                  "</script>\n<script>" + plotly.code + "</script>\n<script>" + kPageScript +
                  "</script>\n";
  return drawn;
}

std::string pairs_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string html = "<div class=\"scroll\"><table class=\"wrap\">\n<tbody>\n";
  for (const auto& [name, value] : rows) {
    html += "<tr><th scope=\"row\">" + escape(name) + "</th><td>" + escape(value) + "</td></tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string details(const std::string& title, const std::string& body) {
  return "<details>\n<summary>" + title + "</summary>\n" + body + "</details>\n";
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
  std::string html = head(comparison) + opening(comparison) + results(comparison) + drawn.sections;
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
