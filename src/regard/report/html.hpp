// Text that becomes HTML: everything that a user wrote passes through `escape`.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "regard/report/table.hpp"

namespace regard::report {

/// & < > " ' become entities, so the result is safe in text and in quoted attributes.
std::string escape(std::string_view text);

/// Escaped, with `...` as <code>.
std::string rich(std::string_view text);

/// JSON that may stand inside <script>: no "<" is left in it.
std::string for_script(std::string json);

/// The HTML inside one cell; by default its escaped text.
using CellHtml = std::function<std::string(std::size_t row, std::size_t column)>;

/// A <table> with head and body; `strong_row` (or -1) is set off.
std::string html_table(const Table& table, int strong_row = -1, const CellHtml& cell = {});

/// Escaped text with a minus sign in place of the hyphen before a digit.
std::string number_html(const std::string& text);

/// "data:" address of a text, for a download that needs no network.
std::string data_address(const std::string& mime, const std::string& content);

}  // namespace regard::report
