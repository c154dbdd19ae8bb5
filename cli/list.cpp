// list: what there is.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "regard/base/error.hpp"
#include "regard/lab/catalogue.hpp"

namespace regard::cli {

void add_list(CLI::App& app) {
  auto* command = app.add_subcommand(
      "list", "projections, graphs, folds, models, tasks, readers and the options of recipes");
  auto json = std::make_shared<bool>(false);
  auto part = std::make_shared<std::string>();
  command->add_option(
      "part", *part,
      "projections, graphs, folds, models, tasks, readers or options (default: all but options)");
  command->add_flag("--json", *json, "JSON for programs");
  command->callback([=] {
    const auto text = lab::catalogue_text(*part);  // refuses an unknown part
    const auto all = lab::catalogue();
    std::printf("%s",
                *json ? ((part->empty() ? all : all[*part]).dump(2) + "\n").c_str() : text.c_str());
  });
}

}  // namespace regard::cli
