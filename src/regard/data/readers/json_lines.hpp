// JSON lines: one object a line, whose keys are the columns of a table.
#pragma once

#include <string>
#include <string_view>

#include "regard/data/readers/examples.hpp"
#include "regard/data/readers/table.hpp"

namespace regard::data {

/// By `spec.format`, the file's extension (jsonl, ndjson), or, where neither tells a table, a first
/// character "{".
bool is_json_lines(std::string_view content, const std::string& name, const TableSpec& spec);

/// Adds the objects that begin a line each. Text is a word or a number, a label also true or false;
/// null is an empty text.
/// InputError names file, line and key.
void parse_json_lines(std::string_view content, const std::string& name, const TableSpec& spec,
                      ExamplesBuilder& into);

}  // namespace regard::data
