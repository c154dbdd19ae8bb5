// show: the recipe that a command line means.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "recipe_flags.hpp"

namespace regard::cli {

void add_show(CLI::App& app) {
  auto* command = app.add_subcommand("show", "the resolved recipe: every option with its value");
  auto flags = std::make_shared<RecipeFlags>(*command);
  auto attention = std::make_shared<std::string>();
  auto* phrase = command->add_option("--attention", *attention, "phrase");
  command->callback([=] {
    auto recipe = flags->recipe();
    if (phrase->count() > 0) recipe.set_attention(*attention);
    recipe.phrases();
    for (const auto& text : recipe.compare.attention) lab::canonical_attention(text);
    std::printf("%s", recipe.to_toml().c_str());
  });
}

}  // namespace regard::cli
