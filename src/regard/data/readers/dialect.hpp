// How a table separates its cells and rows, found out from its first lines.
#pragma once

#include <cstdint>
#include <string_view>

namespace regard::data {

struct Dialect {
  char separator = '\t';
  bool quotes =
      false;  // a cell may be quoted, with separators, line breaks and doubled quotes inside
  char line_end = '\n';  // '\r' where no line ends otherwise
  int64_t first_line = 1;
};

/// '\n' where a line ends so outside of quotes, "\r\n" included; '\r' for a text whose lines end in
/// carriage returns alone.
char line_end_of(std::string_view content, bool quotes);

/// The X of a first line "sep=X", as spreadsheets write and read it, or 0.
char told_separator(std::string_view content);

/// Takes the line "sep=X" off the front.
void skip_told_separator(std::string_view& content);

/// "semicolons", for a sentence.
const char* separator_name(char separator);

}  // namespace regard::data
