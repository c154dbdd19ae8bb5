// Plain text: one file is one document, byte for byte, without its byte order mark.
#pragma once

#include <string>
#include <string_view>

#include "regard/data/readers/examples.hpp"

namespace regard::data {

/// Drops the mark of UTF-8; InputError for UTF-16, which has to be converted first.
std::string_view without_byte_order_mark(std::string_view content, const std::string& name);

/// Adds the whole file as one document without a label.
void parse_text(std::string_view content, const std::string& name, ExamplesBuilder& into);

/// Adds each line as one document (standard input of `predict`); the row is its line.
void parse_lines(std::string_view content, const std::string& name, ExamplesBuilder& into);

}  // namespace regard::data
