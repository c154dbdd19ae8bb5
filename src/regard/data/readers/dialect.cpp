#include "regard/data/readers/dialect.hpp"

namespace regard::data {

char line_end_of(std::string_view content, bool quotes) {
  bool inside = false, returns = false;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const char c = content[i];
    if (quotes && c == '"') inside = !inside;
    if (inside) continue;
    if (c == '\n') return '\n';
    returns = returns || c == '\r';
  }
  return returns ? '\r' : '\n';
}

char told_separator(std::string_view content) {
  const auto line = content.substr(0, content.find_first_of("\r\n"));
  const bool told = line.size() == 5 && line.starts_with("sep=");
  return told && std::string_view("\t,;|").find(line[4]) != std::string_view::npos ? line[4] : '\0';
}

void skip_told_separator(std::string_view& content) {
  content.remove_prefix(content.size() < 5 ? content.size() : 5);
  const bool both = content.starts_with("\r\n");
  content.remove_prefix(both ? 2 : content.empty() ? 0 : 1);
}

const char* separator_name(char separator) {
  switch (separator) {
    case '\t':
      return "tabs";
    case ',':
      return "commas";
    case ';':
      return "semicolons";
    default:
      return "vertical bars";
  }
}

}  // namespace regard::data
