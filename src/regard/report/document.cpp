#include "regard/report/document.hpp"

#include <algorithm>

#include "regard/base/files.hpp"
#include "regard/report/html.hpp"
#include "regard/report/page_parts.hpp"

namespace regard::report {
namespace {

bool has_figures(const Document& document) {
  return std::any_of(document.blocks.begin(), document.blocks.end(), [](const Block& block) {
    return std::any_of(block.figures.begin(), block.figures.end(),
                       [](const Figure& figure) { return !figure.variants.empty(); });
  });
}

std::string block_html(const Block& block, bool draw) {
  std::string body;
  if (draw && !block.figures.empty()) {
    body += legend_html(block.legend, block.marks, "Shown in the figures: " + block.heading) +
            pair_html(block.figures);
  }
  if (!block.passage.empty()) body += passage_html(block.passage);
  if (!block.table.columns.empty()) {
    const auto cell = [&](std::size_t r, std::size_t c) {
      return number_html(block.table.rows[r][c].text);
    };
    body += "<div class=\"scroll\" tabindex=\"0\">\n" + html_table(block.table, -1, cell) +
            "</div>\n" + notes_html(block.table);
  }
  return section(escape(block.heading), rich(block.lead), body);
}

}  // namespace

std::string document_html(const Document& document, const Plotly& plotly) {
  const bool any = has_figures(document), draw = any && !plotly.code.empty();
  std::string html = head_html(document.title) + "<header>\n<p class=\"kicker\">" +
                     escape(document.kicker) + "</p>\n<h1>" + escape(document.title) +
                     "</h1>\n<p class=\"scope\">" + escape(document.scope) + "</p>\n" +
                     answer_html(document.sentence, document.remarks) + "</header>\n";
  if (any && !draw) {
    html += "<section>\n<p class=\"missing\">The figures are left out: " + escape(plotly.missing) +
            ". The tables are complete.</p>\n</section>\n";
  }
  Json content = {{"figures", Json::object()}, {"maps", Json::array()}};
  for (const auto& block : document.blocks) {
    html += block_html(block, draw);
    add_figures(block.figures, content);
  }
  if (!document.environment.empty())
    html += section("Machine and versions", "", pairs_table(document.environment));
  return html + "</main>\n" + (draw ? scripts_html(content, plotly) : "") + "</body>\n</html>\n";
}

void write_document(const Document& document, const std::filesystem::path& path) {
  write_atomically(path, document_html(document, find_plotly()));
}

}  // namespace regard::report
