// What the commands of `regard chain` share.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "regard/run/recipe.hpp"

namespace regard::cli {

void add_chain_check(CLI::App& chain);
void add_chain_learn(CLI::App& chain);
void add_chain_walk(CLI::App& chain);
void add_chain_diagnose(CLI::App& chain);

/// Flags that set options of a spec; `tables` gives those of a spec with its defaults.
class OptionFlags {
 public:
  struct Flag {
    const char *name, *table, *key;
  };
  OptionFlags(CLI::App& command, const run::Tables& defaults, const std::vector<Flag>& flags);
  bool any() const;
  /// Sets what was given on `tables`.
  void apply(const run::Tables& tables) const;

 private:
  struct One {
    Flag flag;
    Value kind;
    std::shared_ptr<std::string> text;
    CLI::Option* option;
  };
  std::vector<One> all_;
};

/// --threads: as many walks or fits at once; 0: one on each core. InputError below 0.
int64_t thread_count(int64_t given);

}  // namespace regard::cli
