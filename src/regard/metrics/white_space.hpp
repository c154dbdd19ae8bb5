// White space of Unicode, as scores of translations cut lines at it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace regard::metrics {

/// The code point at the front of `text`, which is taken off. A byte that is no UTF-8 is one of its
/// own, beyond all of Unicode.
int32_t take_character(std::string_view& text);

/// The parts of UTF-8 text between white space: tab to carriage return, U+001C to U+0020, U+0085,
/// U+00A0, and what Unicode calls a space or a separator of lines.
std::vector<std::string_view> split_at_white_space(std::string_view text);

/// The text without white space at its end.
std::string_view without_end(std::string_view text);

}  // namespace regard::metrics
