#include <cstdio>

#include "commands.hpp"
#include "flags.hpp"
#include "recipe_flags.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/train_run.hpp"
#include "regard/lab/words_baseline.hpp"

namespace regard::cli {

void add_train(CLI::App& app) {
  auto* command = app.add_subcommand("train", "train one model on your data");
  command->footer(
      "Examples:\n"
      "  regard train --data reviews.tsv --text text --label label --attention hrr --out "
      "runs/mine\n"
      "  regard train --data book.txt --out runs/book        a language model\n"
      "  regard train --data train.en --target train.de --out runs/ende   a translation\n"
      "  regard train --nodes nodes.tsv --edges edges.tsv       a graph: a label for each node\n"
      "  regard train recipes/fashion.toml --seed 2\n"
      "  regard train --data texts/ --task masked_language_model --out runs/base\n"
      "  regard train --from runs/base --data sst2.tsv --text sentence --label label\n"
      "The run folder gets recipe.toml, metrics.jsonl, best and last checkpoint, result.json and "
      "report.html.");
  struct State {
    std::string attention;
    int64_t seed = 1;
    bool resume = false, no_report = false, json = false;
  };
  auto state = std::make_shared<State>();
  auto flags = std::make_shared<RecipeFlags>(*command);
  auto* attention = command->add_option(
      "--attention", state->attention,
      "phrase: projection+graph+fold, as `regard list` names them; \"[a, b]\": one "
      "for each layer");
  auto* seed = add_number(*command, "--seed", state->seed, "keys every random number (default 1)");
  command->add_flag("--resume", state->resume, "go on from the last checkpoint in the folder");
  command->add_flag("--no-report", state->no_report, "write no report.html");
  command->add_flag("--json", state->json, "print result.json instead of a line");
  command->callback([=] {
    auto recipe = flags->recipe();
    if (attention->count() > 0) {
      recipe.set_attention(state->attention);
      recipe.named.insert(recipe.attention.layers.empty() ? "attention.phrase"
                                                          : "attention.layers");
    }
    if (seed->count() > 0) recipe.run.seed = state->seed;
    const auto folder = lab::default_folder(recipe);
    const auto r =
        lab::train_run(recipe, folder, state->resume ? lab::Start::kResume : lab::Start::kNew,
                       state->no_report ? lab::Report::kNone : lab::Report::kWrite);
    if (state->json) {
      std::printf("%s", read_file(folder / "result.json").c_str());
      return;
    }
    std::printf("%s: best validation loss %.4f nats", r.phrase.c_str(), r.outcome.best_loss);
    if (!data::find_task(r.task).reads_text())
      std::printf(", accuracy %.2f %%", 100 * r.outcome.best_accuracy);
    const auto decides = data::find_task(r.task).metrics().front();
    const auto print_score = [&](const std::map<std::string, double>& scores) {
      const auto score = scores.find(decides.name);
      if (score == scores.end()) return;
      if (decides.percent) {
        std::printf(", %s %.2f %%", decides.name.c_str(), 100 * score->second);
      } else {
        std::printf(", %s %.2f", decides.name.c_str(), score->second);
      }
    };
    print_score(r.outcome.best_scores);
    if (r.test_loss == r.test_loss) {
      std::printf("; test loss %.4f, accuracy %.2f %%", r.test_loss, 100 * r.test_accuracy);
      if (!decides.percent) print_score(r.test_scores);
    }
    std::printf("; %s, %.0f tokens/s, %s\n", human_seconds(r.outcome.seconds).c_str(),
                r.outcome.tokens_per_second,
                human_bytes(static_cast<double>(r.outcome.peak_memory)).c_str());
    if (const auto words = lab::read_words(folder))
      std::printf("%s\n", lab::words_line(*words).c_str());
    std::printf("%s\n", (folder / (state->no_report ? "result.json" : "report.html")).c_str());
  });
}

}  // namespace regard::cli
