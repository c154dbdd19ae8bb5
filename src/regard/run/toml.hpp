// A TOML file as a tree of values with lines, so that a mistake can be named by file and line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"

namespace regard::run {

struct TomlEntry {
  std::string key;
  std::string place;  // "demo.toml: line 12"
  bool table = false;
  Value value;                      // where it is no table
  std::vector<TomlEntry> children;  // where it is one
};

/// InputError with file, line and reason for text that is no TOML, and for dates and mixed lists.
TomlEntry read_toml(const std::filesystem::path& path);

/// `value` as TOML writes it.
std::string toml_text(const Value& value);

/// The options of `visit` as lines `key = value`.
std::string toml_lines(const Visit& visit);

}  // namespace regard::run
