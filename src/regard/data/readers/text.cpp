#include "regard/data/readers/text.hpp"

#include "regard/base/error.hpp"
#include "regard/data/readers/dialect.hpp"

namespace regard::data {

std::string_view without_byte_order_mark(std::string_view content, const std::string& name) {
  if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) {
    throw InputError(name + ": the text is UTF-16; convert it to UTF-8 (iconv -f UTF-16 -t UTF-8)");
  }
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  return content;
}

void parse_text(std::string_view content, const std::string& name, ExamplesBuilder& into) {
  into.begin_file(name);
  into.add_document(without_byte_order_mark(content, name), 0);
}

void parse_lines(std::string_view content, const std::string& name, ExamplesBuilder& into) {
  content = without_byte_order_mark(content, name);
  into.begin_file(name);
  const char line_end = line_end_of(content, false);
  for (int64_t row = 1; !content.empty(); ++row) {
    const auto end = content.find(line_end);
    auto line = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    into.add_document(line, row);
  }
}

}  // namespace regard::data
