// Recipes: a TOML file of tables, each the options of one struct with a `visit` (base/spec.hpp).
//
//   run::Tables tables() {
//     return {{"run", [this](Visitor& f) { run.visit(f); }}, {"model", [this](Visitor& f) {
//     model.visit(f); }}};
//   }
//   run::read_recipe("chain.toml", spec.tables());
//   write_atomically(folder.path() / "recipe.toml", run::to_toml(spec.tables()));
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "regard/run/toml.hpp"

namespace regard::run {

struct Table {
  std::string name;
  Visit visit;
};
/// In the order of the file.
using Tables = std::vector<Table>;

/// Readers of tables that are more than options, by name.
using SpecialTables = std::map<std::string, std::function<void(const TomlEntry& table)>>;

/// Sets what the file holds on top of what the tables have. InputError with file and line for a
/// table or a key that is unknown, with the nearest name, and for a value of another type.
void read_recipe(const std::filesystem::path& path, const Tables& tables,
                 const SpecialTables& special = {});

/// Sets one option; `where` begins the sentence that refuses it.
void set_option(const Tables& tables, const std::string& table, const std::string& key,
                const Value& value, const std::string& where);

/// Every option with its value, as a file that read_recipe takes.
std::string to_toml(const Tables& tables);

}  // namespace regard::run
