#include "regard/run/recipe.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::run {
namespace {

std::vector<std::string> names_of(const Tables& tables) {
  std::vector<std::string> names;
  for (const auto& table : tables) names.push_back(table.name);
  return names;
}

const Table* find(const Tables& tables, const std::string& name) {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

void read_table(const TomlEntry& entry, const Table& table) {
  for (const auto& option : entry.children) {
    const auto place = option.place + ", [" + table.name + "]";
    if (option.table)
      throw InputError(place + ": a value was expected for \"" + option.key +
                       "\", and a table came");
    assign(table.visit, {{option.key, option.value}}, place);
  }
}

}  // namespace

void read_recipe(const std::filesystem::path& path, const Tables& tables,
                 const SpecialTables& special) {
  for (const auto& entry : read_toml(path).children) {
    if (!entry.table)
      throw InputError(entry.place + ": a table was expected, and the key \"" + entry.key +
                       "\" stands outside of one");
    const auto* table = find(tables, entry.key);
    if (table == nullptr)
      throw InputError(entry.place + ": unknown table [" + entry.key + "]" +
                       suggestion(entry.key, names_of(tables)));
    const auto own = special.find(entry.key);
    own != special.end() ? own->second(entry) : read_table(entry, *table);
  }
}

void set_option(const Tables& tables, const std::string& table, const std::string& key,
                const Value& value, const std::string& where) {
  const auto* found = find(tables, table);
  if (found == nullptr)
    throw InputError(where + ": unknown table \"" + table + "\"" +
                     suggestion(table, names_of(tables)));
  assign(found->visit, {{key, value}}, where);
}

std::string to_toml(const Tables& tables) {
  std::string text;
  for (const auto& table : tables)
    text += (text.empty() ? "[" : "\n[") + table.name + "]\n" + toml_lines(table.visit);
  return text;
}

}  // namespace regard::run
