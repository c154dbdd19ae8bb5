// What a trained run is used for: eval, predict, generate.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "regard/lab/generate.hpp"
#include "regard/lab/predict.hpp"

namespace regard::cli {
using Json = nlohmann::ordered_json;

namespace {
struct Use {
  std::string run, device;
  std::vector<std::string> data;
  bool json = false;
};

std::shared_ptr<Use> add_use(CLI::App* command, const char* data_help, bool data_required) {
  auto use = std::make_shared<Use>();
  command->add_option("run", use->run, "the run folder")->required();
  if (data_help != nullptr) {
    auto* data = command->add_option("data", use->data, data_help)->expected(1, -1);
    if (data_required) data->required();
  }
  command->add_option("--device", use->device, "auto, cpu or cuda (default: that of the run)");
  command->add_flag("--json", use->json, "JSON for programs");
  return use;
}
}  // namespace

void add_eval(CLI::App& app) {
  auto* command = app.add_subcommand(
      "eval", "loss and accuracy of a run's best checkpoint on data with labels");
  auto use = add_use(command, "data with labels, in the format of the training data", true);
  command->callback([=] {
    const auto run = lab::open_run(use->run, use->device);
    const auto score = lab::evaluate_run(run, use->data);
    if (use->json) {
      const Json out = {{"run", use->run},
                        {"checkpoint", run.checkpoint.filename().string()},
                        {"phrase", run.recipe.phrase_text()},
                        {"accuracy", score.accuracy},
                        {"loss", score.loss},
                        {"bits", score.loss / std::log(2.0)},
                        {"n", score.count}};
      std::printf("%s\n", out.dump().c_str());
    } else {
      std::printf("accuracy %.2f %%, loss %.4f nats over %lld targets\n", 100 * score.accuracy,
                  score.loss, static_cast<long long>(score.count));
    }
  });
}

void add_predict(CLI::App& app) {
  auto* command = app.add_subcommand("predict", "labels for new data by a trained classifier");
  command->footer(
      "Example: regard predict runs/mine new_reviews.tsv --json\nWithout data, lines of standard "
      "input are read.");
  auto use =
      add_use(command, "a table, a file, a folder, or - for the lines of standard input", false);
  command->callback([=] {
    const auto run = lab::open_run(use->run, use->device);
    for (const auto& p :
         lab::predict(run, use->data.empty() ? std::vector<std::string>{"-"} : use->data)) {
      if (!use->json) {
        std::printf("%s\t%s\t%.4f\n", p.place.c_str(), p.label.c_str(), p.probability);
        continue;
      }
      Json probabilities;
      for (std::size_t c = 0; c < p.probabilities.size(); ++c)
        probabilities[run.encoding.classes[c]] = p.probabilities[c];
      const Json line = {{"place", p.place},
                         {"label", p.label},
                         {"probability", p.probability},
                         {"probabilities", probabilities}};
      std::printf("%s\n", line.dump().c_str());
    }
  });
}

void add_generate(CLI::App& app) {
  auto* command = app.add_subcommand("generate", "text from a trained language model");
  command->footer(
      "Example: regard generate runs/book --prompt \"The \" --length 300 --temperature 0.8 --seed "
      "1");
  auto use = add_use(command, nullptr, false);
  auto options = std::make_shared<lab::GenerateOptions>();
  options->prompt = "\n";
  command->add_option("--prompt", options->prompt, "what the text begins with");
  command->add_option("--length", options->length, "tokens to generate");
  command->add_option("--temperature", options->temperature,
                      "0: always the likeliest; 1: as the model says");
  command->add_option("--top-k", options->top_k, "only the K likeliest tokens (0: all)");
  command->add_option("--seed", options->seed, "keys the sampling");
  command->callback([=] {
    const auto run = lab::open_run(use->run, use->device);
    if (use->json) {
      const auto text = lab::generate(run, *options);
      const Json out = {{"prompt", options->prompt}, {"text", text}, {"seed", options->seed}};
      std::printf("%s\n", out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
      return;
    }
    std::printf("%s", options->prompt.c_str());
    lab::generate(run, *options, [](const std::string& piece) {
      std::fwrite(piece.data(), 1, piece.size(), stdout);
      std::fflush(stdout);
    });
    std::printf("\n");
  });
}

}  // namespace regard::cli
