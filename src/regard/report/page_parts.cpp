#include "regard/report/page_parts.hpp"

#include "regard/report/html.hpp"
#include "regard/report/page_assets.hpp"

namespace regard::report {
namespace {

const char* const kPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: "
    "blob:";

}  // namespace

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

std::string head_html(const std::string& title) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         std::string(kPolicy) +
         "\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"generator\" content=\"regard\">\n<title>" +
         escape(title) + "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>" + kPageStyle +
         "</style>\n</head>\n<body>\n<main>\n";
}

std::string figure_html(const Figure& figure) {
  return "<figure>\n<div class=\"figure\" id=\"" + figure.id + "\" role=\"img\" aria-label=\"" +
         escape(figure.description) + "\"></div>\n" +
         (figure.caption.empty() ? ""
                                 : "<figcaption>" + escape(figure.caption) + "</figcaption>\n") +
         "</figure>\n";
}

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

std::string details(const std::string& title, const std::string& body) {
  return "<details>\n<summary>" + title + "</summary>\n" + body + "</details>\n";
}

std::string pairs_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string html = "<div class=\"scroll\"><table class=\"wrap\">\n<tbody>\n";
  for (const auto& [name, value] : rows) {
    html += "<tr><th scope=\"row\">" + escape(name) + "</th><td>" + escape(value) + "</td></tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string legend_html(const std::vector<std::string>& names,
                        const std::map<std::string, Mark>& marks, const std::string& label) {
  if (names.size() < 2) return "";
  std::string html = "<div class=\"legend\" role=\"group\" aria-label=\"" + escape(label) + "\">\n";
  for (const auto& name : names) {
    html += "<button type=\"button\" aria-pressed=\"true\" data-phrase=\"" + escape(name) + "\">" +
            swatch(marks.at(name)) + escape(name) + "</button>\n";
  }
  return html + "</div>\n";
}

void add_figures(const std::vector<Figure>& figures, Json& content) {
  for (const auto& figure : figures) {
    if (figure.variants.empty()) continue;
    auto& variants = content["figures"][figure.id] = Json::array();
    for (const auto& v : figure.variants) {
      variants.push_back({{"name", v.name}, {"data", v.data}, {"layout", v.layout}});
      if (v.frames.empty()) continue;
      auto& frames = variants.back()["frames"] = Json::array();
      for (const auto& frame : v.frames) {
        frames.push_back({{"name", frame.name}, {"data", frame.data}});
      }
    }
  }
}

std::string scripts_html(const Json& content, const Plotly& plotly) {
  return "<script type=\"application/json\" id=\"content\">" +
         for_script(content.dump(-1, ' ', false, Json::error_handler_t::replace)) +
         "</script>\n<script>" + plotly.code + "</script>\n<script>" + kPageScript + "</script>\n";
}

std::string answer_html(const std::string& sentence, const std::vector<std::string>& remarks) {
  std::string html = "<div class=\"answer\">\n<p>" + rich(sentence) + "</p>\n";
  if (!remarks.empty()) {
    html += "<ul>\n";
    for (const auto& remark : remarks) html += "<li>" + rich(remark) + "</li>\n";
    html += "</ul>\n";
  }
  return html + "</div>\n";
}

std::string notes_html(const Table& table) {
  std::string html = "<ul class=\"notes\">\n";
  for (const auto& note : table.notes) html += "<li>" + rich(note) + "</li>\n";
  return html + "<li class=\"download\"><a download=\"regard.csv\" href=\"" +
         escape(data_address("text/csv", to_csv(table))) +
         "\">This table as CSV</a>, with all digits.</li>\n</ul>\n";
}

}  // namespace regard::report
