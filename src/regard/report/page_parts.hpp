// The pieces of HTML that every page is put together from.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "regard/report/figures.hpp"
#include "regard/report/palette.hpp"
#include "regard/report/plotly.hpp"
#include "regard/report/table.hpp"

namespace regard::report {

/// From the doctype to <main>, with the style sheet and a policy that forbids every request.
std::string head_html(const std::string& title);

/// A short line in the style of `mark`.
std::string swatch(const Mark& mark);

/// The sentence that answers, set off, with remarks below it; `...` marks code.
std::string answer_html(const std::string& sentence, const std::vector<std::string>& remarks);

/// A heading with a lead and a body; nothing for an empty body. `title` and `lead` are HTML.
std::string section(const std::string& title, const std::string& lead, const std::string& body);

/// A part that is closed until it is asked for.
std::string details(const std::string& title, const std::string& body);

std::string pairs_table(const std::vector<std::pair<std::string, std::string>>& rows);

/// The notes below a table, and the table as a download.
std::string notes_html(const Table& table);

std::string figure_html(const Figure& figure);

/// Figures side by side, with one row of buttons that switches their variants; those without any
/// are left out.
std::string pair_html(const std::vector<Figure>& pair);

/// Buttons that hide and show the traces whose `meta` is a name; nothing for fewer than two names.
std::string legend_html(const std::vector<std::string>& names,
                        const std::map<std::string, Mark>& marks, const std::string& label);

/// Puts the variants of the figures where the page's script looks for them.
void add_figures(const std::vector<Figure>& figures, Json& content);

/// The content {figures, maps}, Plotly's bundle and the script that draws.
std::string scripts_html(const Json& content, const Plotly& plotly);

}  // namespace regard::report
