// Translations by a trained run, and their scores against references.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/utf8.hpp"
#include "regard/lab/translation.hpp"

namespace regard::cli {

namespace {

struct State {
  std::string run, device;
  std::vector<std::string> files;
  lab::TranslateOptions options;
  bool json = false;
};

Json to_json(const lab::Translation& t) {
  Json pairs = Json::array();
  for (const auto& [target, source] : t.alignment) pairs.push_back({target, source});
  return {{"text", t.text},
          {"score", t.score},
          {"log_probability", t.log_probability},
          {"tokens", t.tokens},
          {"alignment", pairs}};
}

void print_json(std::size_t number, const lab::TranslatedLine& line) {
  Json best = Json::array();
  for (const auto& translation : line.best) best.push_back(to_json(translation));
  const Json out = {{"line", number}, {"source", line.source}, {"translations", best}};
  std::printf("%s\n", out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

// A line in, a line out; several of a line follow each other.
void print_text(const lab::TranslatedLine& line, int64_t nbest) {
  for (int64_t i = 0; i < nbest; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const bool there = at < line.best.size();
    std::printf("%s\n", there ? line.best[at].text.c_str() : "");
  }
}

}  // namespace

void add_translate(CLI::App& app) {
  auto* command =
      app.add_subcommand("translate", "a line in, a line out, by a trained translation");
  command->footer(
      "Examples:\n"
      "  regard translate runs/ende news.en > news.de\n"
      "  regard translate runs/ende news.en --beam 5 --nbest 3 --json\n"
      "  regard translate runs/ende news.en --sample --top-p 0.9 --seed 1\n"
      "Without files, lines of standard input are read. An empty line stays empty.");
  auto state = std::make_shared<State>();
  auto& o = state->options;
  command->add_option("run", state->run, "the run folder")->required();
  command->add_option("files", state->files, "text, a line a sentence; - is standard input")
      ->expected(1, -1);
  add_number(*command, "--beam", o.beam.beam, "texts that the search keeps; 1: greedy")
      ->capture_default_str();
  add_number(*command, "--nbest", o.beam.nbest, "texts of each line, the best first")
      ->capture_default_str();
  add_number(*command, "--length-penalty", o.beam.length_penalty,
             "alpha: scores are divided by ((5 + tokens) / 6)^alpha; 0: they are not")
      ->capture_default_str();
  command->add_flag("--sample", o.sample, "draw each text instead of searching the best");
  add_number(*command, "--temperature", o.temperature, "of --sample; 0: always the likeliest")
      ->capture_default_str();
  add_truncation(*command, o.keep);
  add_number(*command, "--seed", o.seed, "keys the drawing")->capture_default_str();
  command->add_option("--device", state->device, "auto, cpu or cuda (default: that of the run)");
  command->add_flag("--json", state->json,
                    "an object a line: text, score, tokens and alignment of each translation");
  command->callback([=] {
    lab::check(state->options);
    const auto run = lab::open_run(state->run, state->device);
    auto options = state->options;
    options.alignment = state->json;
    const auto files = state->files.empty() ? std::vector<std::string>{"-"} : state->files;
    std::size_t number = 0;
    for (const auto& line : lab::translate(run, files, options)) {
      ++number;
      if (state->json) {
        print_json(number, line);
      } else {
        print_text(line, options.beam.nbest);
      }
    }
  });
}

void add_score(CLI::App& app) {
  auto* command =
      app.add_subcommand("score", "BLEU, chrF and chrF++ of translations against references");
  command->footer(
      "Example: regard score hyp.de ref.de\n"
      "The scores are those of sacrebleu 2.6.0 with its defaults (13a tokens, cased); the "
      "intervals "
      "hold 95 % of 1000 bootstraps over the lines.");
  struct Files {
    std::string translations, references;
    bool json = false;
  };
  auto files = std::make_shared<Files>();
  command
      ->add_option("translations", files->translations,
                   "text, a line a sentence; - is standard input")
      ->required();
  command->add_option("references", files->references, "their references, line by line")
      ->required();
  command->add_flag("--json", files->json, "JSON for programs");
  command->callback([=] {
    const auto counts = lab::score_files(files->translations, files->references);
    const auto s = counts.intervals();
    const std::pair<const char*, metrics::ScoreInterval> all[] = {
        {"BLEU", s.bleu}, {"chrF", s.chrf}, {"chrF++", s.chrf_plus_plus}};
    if (files->json) {
      Json out = {{"lines", counts.lines()}};
      const char* const keys[] = {"bleu", "chrf", "chrf_plus_plus"};
      for (std::size_t i = 0; i < 3; ++i) {
        const auto& score = all[i].second;
        out[keys[i]] = {{"score", score.value}, {"low", score.low}, {"high", score.high}};
      }
      std::printf("%s\n", out.dump().c_str());
      return;
    }
    for (const auto& [name, score] : all)
      std::printf("%-7s %.3f   (95 %%: %.2f to %.2f)\n", name, score.value, score.low, score.high);
    std::printf("%zu lines\n", counts.lines());
  });
}

}  // namespace regard::cli
