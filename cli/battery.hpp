// The subcommands of `regard battery`, and the flags with which they read the user's cells.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "regard/battery/import.hpp"

namespace regard::cli {

void add_battery_fit(CLI::App& battery);
void add_battery_train(CLI::App& battery);
void add_battery_predict(CLI::App& battery);
void add_battery_report(CLI::App& battery);

/// --nominal, --layout, --column, --unit, --cycles-from, --discharge, --voltages.
class ImportFlags {
 public:
  explicit ImportFlags(CLI::App& command);
  battery::ImportSpec spec() const;
  /// The cells of a file or a directory; what was left out is said on standard error.
  std::vector<battery::Cell> read(const std::string& path) const;

 private:
  struct Values {
    double nominal = battery::kMissing;
    std::string layout = "auto", discharge = "negative";
    std::vector<std::string> columns, units;
    std::vector<double> voltages;
    int64_t cycles_from = 1;
  };
  std::shared_ptr<Values> values_;
};

}  // namespace regard::cli
