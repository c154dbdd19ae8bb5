#include "regard/run/toml.hpp"

#include <toml++/toml.h>

#include <sstream>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"

namespace regard::run {
namespace {

std::string place_of(const std::string& file, const toml::source_region& source) {
  return file + ": line " + std::to_string(source.begin.line);
}

[[noreturn]] void refuse(const std::string& place, const std::string& key, const char* came) {
  throw InputError(
      place + ", \"" + key +
      "\": true or false, a number, a word, or a list of one of these was expected, and " + came +
      " came");
}

Value list_value(const toml::array& array, const std::string& place, const std::string& key) {
  std::vector<int64_t> whole;
  std::vector<std::string> words;
  for (const auto& item : array) {
    if (const auto* number = item.as_integer()) {
      whole.push_back(number->get());
    } else if (const auto* word = item.as_string()) {
      words.push_back(word->get());
    } else {
      refuse(place, key, "a list of something else");
    }
  }
  if (!whole.empty() && !words.empty()) refuse(place, key, "a list of numbers and words");
  if (words.empty()) return whole;
  return words;
}

TomlEntry convert(const std::string& key, const toml::node& node, const std::string& file) {
  TomlEntry entry{.key = key,
                  .place = place_of(file, node.source()),
                  .table = false,
                  .value = {},
                  .children = {}};
  if (const auto* table = node.as_table()) {
    entry.table = true;
    for (const auto& [name, child] : *table) {
      entry.children.push_back(convert(std::string(name.str()), child, file));
      // A key of its own line is the better place than its value.
      entry.children.back().place = place_of(file, name.source());
    }
  } else if (const auto* truth = node.as_boolean()) {
    entry.value = truth->get();
  } else if (const auto* whole = node.as_integer()) {
    entry.value = whole->get();
  } else if (const auto* real = node.as_floating_point()) {
    entry.value = real->get();
  } else if (const auto* word = node.as_string()) {
    entry.value = word->get();
  } else if (const auto* array = node.as_array()) {
    entry.value = list_value(*array, entry.place, key);
  } else {
    refuse(entry.place, key, "a date or time");
  }
  return entry;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04X",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

TomlEntry read_toml(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  try {
    const auto table = toml::parse(text, path.string());
    return convert("", table, path.string());
  } catch (const toml::parse_error& error) {
    throw InputError(place_of(path.string(), error.source()) +
                     ": no TOML: " + std::string(error.description()));
  }
}

std::string toml_text(const Value& value) {
  if (const auto* word = std::get_if<std::string>(&value)) return quoted(*word);
  if (const auto* real = std::get_if<double>(&value)) {
    const auto text = shortest(*real);
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }
  if (const auto* words = std::get_if<std::vector<std::string>>(&value)) {
    std::vector<std::string> parts;
    for (const auto& word : *words) parts.push_back(quoted(word));
    return "[" + join(parts, ", ") + "]";
  }
  return to_text(value);
}

std::string toml_lines(const Visit& visit) {
  std::string lines;
  for (const auto& field : fields(visit))
    lines += field.name + " = " + toml_text(field.value) + "\n";
  return lines;
}

}  // namespace regard::run
