#include "regard/run/toml.hpp"

#include <toml++/toml.h>

#include <sstream>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"

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

// TOML is UTF-8, and the name of a file may hold any bytes: a byte that is no UTF-8 is written as
// one of these characters of the private use area, U+EF80 to U+EFFF; such a character itself as its
// three bytes.
constexpr int32_t kFirstByte = 0xEF00, kByteMarks = 0xEF80, kByteMarksEnd = 0xF000;

bool is_byte_mark(int32_t code) { return code >= kByteMarks && code < kByteMarksEnd; }

std::string bytes_of(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const auto before = text;
    const auto code = take_code_point(text);
    if (is_byte_mark(code)) {
      bytes += static_cast<char>(static_cast<uint8_t>(code - kFirstByte));
    } else if (code >= 0) {
      bytes.append(before.substr(0, before.size() - text.size()));
    } else {
      bytes += before[0];
      text.remove_prefix(1);
    }
  }
  return bytes;
}

Value list_value(const toml::array& array, const std::string& place, const std::string& key) {
  std::vector<int64_t> whole;
  std::vector<double> reals;  // the whole ones too
  std::vector<std::string> words;
  for (const auto& item : array) {
    if (const auto* number = item.as_integer()) {
      whole.push_back(number->get());
      reals.push_back(static_cast<double>(number->get()));
    } else if (const auto* real = item.as_floating_point()) {
      reals.push_back(real->get());
    } else if (const auto* word = item.as_string()) {
      words.push_back(bytes_of(word->get()));
    } else if (const auto* inner = item.as_array()) {
      // A list of words within a list of words is one word, as on the command line: "[a, b]".
      const auto value = list_value(*inner, place, key);
      const auto* parts = std::get_if<std::vector<std::string>>(&value);
      if (parts == nullptr) refuse(place, key, "a list of something else");
      words.push_back("[" + join(*parts, ", ") + "]");
    } else {
      refuse(place, key, "a list of something else");
    }
  }
  if (!reals.empty() && !words.empty()) refuse(place, key, "a list of numbers and words");
  if (!words.empty()) return words;
  if (whole.size() == reals.size()) return whole;
  return reals;
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
    entry.value = bytes_of(word->get());
  } else if (const auto* array = node.as_array()) {
    entry.value = list_value(*array, entry.place, key);
  } else {
    refuse(entry.place, key, "a date or time");
  }
  return entry;
}

std::string escape(int32_t code) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04X", static_cast<unsigned>(code));
  return text;
}

std::string toml_word(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto before = text;
    const auto code = take_code_point(text);
    if (code < 0) text.remove_prefix(1);
    const auto bytes = before.substr(0, before.size() - text.size());
    if (code < 0 || is_byte_mark(code)) {
      for (const char byte : bytes) out += escape(kFirstByte + static_cast<uint8_t>(byte));
    } else if (code == '"' || code == '\\') {
      out += '\\';
      out += bytes;
    } else if (code == '\n') {
      out += "\\n";
    } else if (code == '\t') {
      out += "\\t";
    } else if (code < 0x20 || code == 0x7F) {
      out += escape(code);
    } else {
      out += bytes;
    }
  }
  return out + "\"";
}

// A real number is told from a whole one by its point.
std::string real_text(double value) {
  const auto text = shortest(value);
  return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
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
  if (const auto* word = std::get_if<std::string>(&value)) return toml_word(*word);
  if (const auto* real = std::get_if<double>(&value)) return real_text(*real);
  if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
    std::vector<std::string> parts;
    for (const double item : *reals) parts.push_back(real_text(item));
    return "[" + join(parts, ", ") + "]";
  }
  if (const auto* words = std::get_if<std::vector<std::string>>(&value)) {
    std::vector<std::string> parts;
    for (const auto& word : *words) parts.push_back(toml_word(word));
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
