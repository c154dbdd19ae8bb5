// UTF-8 (RFC 3629): one code point at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace regard {

/// The code point at the front of `text`, which is taken off; -1 when the bytes are no UTF-8
/// (nothing is taken).
int32_t take_code_point(std::string_view& text);

void append_utf8(std::string& text, int32_t code_point);

/// True when the text is UTF-8, apart from a sequence cut off by its end.
bool is_utf8_prefix(std::string_view text);

bool is_utf8(std::string_view text);

/// Takes UTF-8 off the front; what is left begins with a byte that is none, or is empty.
void skip_utf8(std::string_view& text);

/// The text with every byte that is no UTF-8 as \xE9, for JSON and pages: names of files may hold
/// any bytes.
std::string readable(std::string_view text);

/// InputError with the position of the first byte that is no UTF-8.
void check_utf8(std::string_view text);

}  // namespace regard
