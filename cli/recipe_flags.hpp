// The flags that train and compare share: a recipe file, or data and options without one.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regard/lab/recipe.hpp"

namespace regard::cli {

class RecipeFlags {
 public:
  /// `attention` and `seed` are given by the command, whose flags differ.
  explicit RecipeFlags(CLI::App& command);
  /// The recipe file on top of the defaults, the flags on top of that.
  lab::Recipe recipe() const;

 private:
  struct Flag {
    std::string name, table, key;
    CLI::Option* option = nullptr;
    std::shared_ptr<std::vector<std::string>> values;
    bool many = false;
  };
  void add(CLI::App& command, const std::string& flag, const std::string& table,
           const std::string& key, const std::string& help, bool many = false);

  std::shared_ptr<std::string> file_, nodes_;
  std::shared_ptr<bool> directed_;
  std::shared_ptr<std::vector<std::string>> set_;
  std::vector<Flag> flags_;
};

}  // namespace regard::cli
