#include "regard/data/readers/json_lines.hpp"

#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/archive.hpp"

namespace regard::data {
namespace {

using nlohmann::json;

// One line of the file, for its values and for the place of what is wrong with them.
class Line {
 public:
  Line(std::string_view text, std::string place) : place_(std::move(place)) {
    object_ = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (object_.is_object()) return;
    throw InputError(place_ + (object_.is_array() ? "a JSON object was expected, and a list came"
                                                  : "a JSON object was expected (one a line)"));
  }
  std::string text(const std::string& key) const { return word(key, "a text", false); }
  std::string label(const std::string& key) const { return trim(word(key, "a label", true)); }

 private:
  std::string word(const std::string& key, const char* what, bool truth) const {
    const auto found = object_.find(key);
    if (found == object_.end()) refuse_key(key);
    if (found->is_string()) return found->get<std::string>();
    if (found->is_null()) return "";
    if (found->is_number() || (truth && found->is_boolean())) return found->dump();
    throw InputError(place_ + "\"" + key + "\": " + what + " was expected, and " +
                     found->type_name() + " came");
  }
  [[noreturn]] void refuse_key(const std::string& key) const {
    std::vector<std::string> known;
    for (const auto& [name, value] : object_.items()) known.push_back(name);
    throw InputError(place_ + "no key \"" + key + "\"" + suggestion(key, known));
  }
  std::string place_;
  json object_;
};

void check_keys(const TableSpec& spec, const std::string& name) {
  if (spec.text2 == spec.text) {
    throw InputError(name + ": text and text2 are the same key, \"" + spec.text + "\"");
  }
  if (spec.label == spec.text || (!spec.label.empty() && spec.label == spec.text2)) {
    throw InputError(name + ": text and label are the same key, \"" + spec.label + "\"");
  }
}

}  // namespace

bool is_json_lines(std::string_view content, const std::string& name, const TableSpec& spec) {
  if (spec.format != "auto") return spec.format == "jsonl";
  const auto type = extension(name);
  if (type == "jsonl" || type == "ndjson") return true;
  if (type == "tsv" || type == "csv") return false;
  const auto first = content.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && content[first] == '{';
}

void parse_json_lines(std::string_view content, const std::string& name, const TableSpec& spec,
                      ExamplesBuilder& into) {
  check_keys(spec, name);
  const char line_end = line_end_of(content, false);
  for (int64_t row = 1; !content.empty(); ++row) {
    const auto end = content.find(line_end);
    const auto text = content.substr(0, end);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
    if (trim(text).empty()) continue;
    const Line line(text, name + ": line " + std::to_string(row) + ": ");
    const bool added = spec.text2.empty()
                           ? into.add_document(line.text(spec.text), row)
                           : into.add_pair(line.text(spec.text), line.text(spec.text2), row);
    if (added && !spec.label.empty()) into.add_label(line.label(spec.label));
  }
}

}  // namespace regard::data
