#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/fill.hpp"

namespace regard::cli {

namespace {

void print_json(const lab::Filled& filled) {
  Json places = Json::array();
  for (const auto& place : filled.places) {
    Json pieces = Json::array();
    for (const auto& one : place) {
      pieces.push_back({{"piece", one.piece}, {"probability", one.probability}});
    }
    places.push_back(pieces);
  }
  const Json out = {{"text", filled.text}, {"places", places}};
  std::printf("%s\n", out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

void print_lines(const lab::Filled& filled) {
  std::printf("%s\n", filled.text.c_str());
  for (std::size_t i = 0; i < filled.places.size(); ++i) {
    for (const auto& one : filled.places[i]) {
      std::printf("%zu\t%s\t%.4f\n", i + 1, on_one_line(one.piece).c_str(), one.probability);
    }
  }
}

}  // namespace

void add_fill(CLI::App& app) {
  auto* command =
      app.add_subcommand("fill", "the likeliest words where a text says [MASK], by a trained run");
  command->footer(
      "Example: regard fill runs/base \"The film was [MASK].\" --top 5 --json\n"
      "The run is one of the task masked_language_model. First comes the text with the likeliest "
      "pieces, then a line for each: place, piece, probability.");
  struct State {
    std::string run, text, device;
    int64_t top = 5;
    bool json = false;
  };
  auto state = std::make_shared<State>();
  command->add_option("run", state->run, "the run folder")->required();
  command->add_option("text", state->text, "text with at least one [MASK]")->required();
  add_number(*command, "--top", state->top, "pieces for each place")->capture_default_str();
  command->add_option("--device", state->device, "auto, cpu or cuda (default: that of the run)");
  command->add_flag("--json", state->json, "JSON for programs");
  command->callback([=] {
    const auto filled =
        lab::fill(lab::open_run(state->run, state->device), state->text, state->top);
    state->json ? print_json(filled) : print_lines(filled);
  });
}

}  // namespace regard::cli
