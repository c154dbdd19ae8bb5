#include "regard/report/html.hpp"

#include <cctype>

namespace regard::report {

std::string escape(std::string_view text) {
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string rich(std::string_view text) {
  std::string html;
  while (true) {
    const auto open = text.find('`');
    const auto close = open == text.npos ? text.npos : text.find('`', open + 1);
    html += escape(text.substr(0, close == text.npos ? text.npos : open));
    if (close == text.npos) return html;
    html += "<code>" + escape(text.substr(open + 1, close - open - 1)) + "</code>";
    text.remove_prefix(close + 1);
  }
}

std::string for_script(std::string json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string number_html(const std::string& text) {
  const bool negative =
      text.size() > 1 && text[0] == '-' && std::isdigit(static_cast<unsigned char>(text[1]));
  return negative ? "&minus;" + escape(text.substr(1)) : escape(text);
}

std::string html_table(const Table& table, int strong_row, const CellHtml& cell) {
  table.check();
  const auto side = [&](std::size_t c) {
    return table.columns[c].align == Align::kLeft ? " class=\"words\"" : "";
  };
  std::string html = "<table>\n<thead><tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const auto& column = table.columns[c];
    html += "<th scope=\"col\"" + std::string(side(c)) + ">" + escape(column.name);
    if (!column.unit.empty()) html += "<span class=\"unit\">" + escape(column.unit) + "</span>";
    html += "</th>";
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    html += static_cast<int>(r) == strong_row ? "<tr class=\"best\">" : "<tr>";
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const std::string tag = c == 0 ? "th" : "td";
      html += "<" + tag + (c == 0 ? " scope=\"row\"" : "") + side(c) + ">";
      html += cell ? cell(r, c) : number_html(table.rows[r][c].text);
      html += "</" + tag + ">";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n";
}

std::string data_address(const std::string& mime, const std::string& content) {
  static const char* kHex = "0123456789ABCDEF";
  std::string address = "data:" + mime + ";charset=utf-8,";
  for (const char c : content) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 && byte < 128) {
      address += c;
    } else {
      address += '%';
      address += kHex[byte >> 4];
      address += kHex[byte & 15];
    }
  }
  return address;
}

}  // namespace regard::report
