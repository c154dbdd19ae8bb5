// What a trained run is used for: eval, predict, generate.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/lab/generate.hpp"
#include "regard/lab/predict.hpp"
#include "regard/lab/stream_predict.hpp"

namespace regard::cli {

namespace {
struct Use {
  std::string run, device;
  std::vector<std::string> data;
  std::string text, text2, label, encoding, empty;  // how new data is read; empty: as the run's
  std::string nodes;
  std::vector<std::string> edges, targets;
  bool json = false;
};

// Flags for data that is stored otherwise than the training data was.
void add_reading(CLI::App* command, const std::shared_ptr<Use>& use) {
  command->add_option("--text", use->text, "column with the text (default: that of the run)");
  command->add_option("--text2", use->text2, "column of the second text of pairs");
  command->add_option("--label", use->label, "column with the label");
  command->add_option("--encoding", use->encoding,
                      "of text and tables: auto, utf-8, utf-16, latin-1, windows-1252, ...");
  command->add_option("--empty", use->empty, "documents without text: auto, leave_out or refuse");
  command->add_option("--nodes", use->nodes,
                      "a table of nodes, with --edges, for a run on a graph");
  command->add_option("--edges", use->edges, "edges between the nodes")->expected(1, -1);
}

lab::TrainedRun open(const Use& use) {
  auto run = lab::open_run(use.run, use.device);
  const auto set = [&](const char* key, const std::string& value) {
    if (!value.empty())
      regard::run::set_option(run.recipe.tables(), "data", key, value, std::string("--") + key);
  };
  set("text", use.text);
  set("text2", use.text2);
  set("label", use.label);
  set("encoding", use.encoding);
  set("empty", use.empty);
  if (!use.text.empty() || !use.text2.empty() || !use.label.empty()) {
    run.recipe.data.reader.reader = "table";
    run.recipe.data.reader.column_named = true;
  }
  return run;
}

// Nodes and their edges instead of files; what is named must go with the run.
void take_nodes(Use& use, lab::TrainedRun& run) {
  const bool named = !use.nodes.empty() || !use.edges.empty();
  if (!run.encoding.nodes) {
    if (named) throw InputError("--nodes, --edges: this run was not trained on nodes");
    return;
  }
  if (use.nodes.empty()) {
    throw InputError("this run was trained on nodes: --nodes FILE --edges FILE was expected");
  }
  if (use.edges.empty()) {
    throw InputError("--nodes: the edges between them were expected, too (--edges FILE)");
  }
  run.recipe.data.nodes.edges = use.edges;
  use.data = {use.nodes};
}

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

namespace {
void print_score(const train::Score& score, const lab::TrainedRun& run, const Use& use,
                 const std::string& noise) {
  if (use.json) {
    Json out = {{"run", readable(use.run)},
                {"checkpoint", run.checkpoint.filename().string()},
                {"phrase", run.recipe.phrase_text()},
                {"accuracy", score.accuracy},
                {"loss", score.loss},
                {"bits", score.loss / std::log(2.0)},
                {"n", score.count}};
    if (!noise.empty()) out["noise"] = noise;
    for (const auto& [name, value] : score.others) out[name] = value;
    std::printf("%s\n", out.dump().c_str());
    return;
  }
  std::printf("%s%saccuracy %.2f %%, loss %.4f nats over %lld targets", noise.c_str(),
              noise.empty() ? "" : ": ", 100 * score.accuracy, score.loss,
              static_cast<long long>(score.count));
  for (const auto& [name, value] : score.others) std::printf("; %s %.4f", name.c_str(), value);
  std::printf("\n");
}
}  // namespace

void add_eval(CLI::App& app) {
  auto* command = app.add_subcommand(
      "eval", "loss and accuracy of a run's best checkpoint on data with labels");
  auto use = add_use(command, "data with labels, in the format of the training data", false);
  add_reading(command, use);
  command->add_option("--target", use->targets, "translation: targets of the lines")
      ->expected(1, -1);
  command->footer(
      "Examples:\n"
      "  regard eval runs/mine test.tsv --json\n"
      "  regard eval runs/mine test.tsv --noise swap=0.1 drop=0.1 --seed 2\n"
      "Noise changes the texts of this data alone; each one is measured by itself.");
  auto noises = std::make_shared<std::vector<std::string>>();
  auto seed = std::make_shared<int64_t>(1);
  command
      ->add_option("--noise", *noises,
                   "changes the texts: swap, drop or insert of characters, or word-drop, each "
                   "with a rate, such as swap=0.1")
      ->expected(1, -1);
  add_number(*command, "--seed", *seed, "keys the noise")->capture_default_str();
  command->callback([=] {
    std::vector<data::Noise> kinds;
    for (const auto& text : *noises)
      kinds.push_back(data::parse_noise(text, static_cast<uint64_t>(*seed)));
    auto run = open(*use);
    take_nodes(*use, run);
    if (use->data.empty()) throw InputError("eval: data with labels was expected");
    if (run.encoding.nodes && !kinds.empty())
      throw InputError("--noise: texts were expected, and this run reads nodes");
    if (kinds.empty()) kinds.push_back({});
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      print_score(lab::evaluate_run(run, use->data, use->targets, kinds[i]), run, *use,
                  noises->empty() ? "" : (*noises)[i]);
    }
  });
}

namespace {
void print_prediction(const lab::Prediction& p, const data::Encoding& encoding, bool json) {
  const auto& task = *encoding.task;
  const auto text = json ? task.to_json(p, encoding.classes) + "\n" : task.to_text(p);
  std::fputs(text.c_str(), stdout);
}

void predict_in_chunks(const lab::TrainedRun& run, const Use& use, int64_t chunk) {
  if (use.data.empty()) throw InputError("predict --stream: the names of files were expected");
  lab::StreamPredictor predictor(run, chunk);
  for (const auto& path : use.data) {
    const auto p = predictor.predict(path);
    print_prediction(p.prediction, run.encoding, use.json);
    std::fprintf(stderr, "%s: %s in %lld passes, %s, peak memory %s\n", path.c_str(),
                 human_bytes(static_cast<double>(p.bytes)).c_str(),
                 static_cast<long long>(p.passes), human_seconds(p.seconds).c_str(),
                 human_bytes(static_cast<double>(p.peak_memory)).c_str());
  }
}
}  // namespace

void add_predict(CLI::App& app) {
  auto* command = app.add_subcommand("predict", "labels for new data by a trained classifier");
  command->footer(
      "Examples:\n"
      "  regard predict runs/mine new_reviews.tsv --json\n"
      "  regard predict runs/graph --nodes new.tsv --edges new_edges.tsv\n"
      "Without data, lines of standard input are read.");
  auto use =
      add_use(command, "a table, a file, a folder, or - for the lines of standard input", false);
  add_reading(command, use);
  auto stream = std::make_shared<bool>(false);
  auto chunk = std::make_shared<int64_t>(1 << 14);
  command->add_flag(
      "--stream", *stream,
      "files of any size as a whole, in constant memory: several passes in chunks (bytes; "
      "hrr; positions rotary or none)");
  add_number(*command, "--chunk", *chunk, "bytes of a chunk of --stream")->capture_default_str();
  command->callback([=] {
    auto run = open(*use);
    take_nodes(*use, run);
    if (*stream) return predict_in_chunks(run, *use, *chunk);
    for (const auto& p :
         lab::predict(run, use->data.empty() ? std::vector<std::string>{"-"} : use->data)) {
      print_prediction(p, run.encoding, use->json);
    }
  });
}

namespace {
void say_unknown(const lab::TrainedRun& run, const std::string& prompt) {
  if (run.encoding.task->targets() != data::Targets::kNextToken) return;
  const auto parts = lab::unknown_parts(*run.encoding.tokenizer, prompt);
  if (parts.empty()) return;
  std::string shown;
  for (std::size_t i = 0; i < std::min<std::size_t>(parts.size(), 10); ++i)
    shown += (i > 0 ? ", " : "") + Json(parts[i]).dump();
  std::fprintf(
      stderr,
      "regard: the prompt has %s that the training text never had, and the model reads them "
      "as unknown: %s%s\n",
      run.encoding.tokenizer->name() == "character" ? "characters" : "words", shown.c_str(),
      parts.size() > 10 ? ", ..." : "");
}
}  // namespace

void add_truncation(CLI::App& command, models::Truncation& keep) {
  add_number(command, "--top-k", keep.top_k, "only the K likeliest tokens (0: all)")
      ->capture_default_str();
  add_number(command, "--top-p", keep.top_p,
             "only the fewest likeliest tokens that have this probability together (1: all)")
      ->capture_default_str();
  add_number(command, "--min-p", keep.min_p,
             "no token with less than this share of the likeliest one's probability (0: all)")
      ->capture_default_str();
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
  add_number(*command, "--length", options->length, "tokens to generate")->capture_default_str();
  add_number(*command, "--temperature", options->temperature,
             "0: always the likeliest; 1: as the model says")
      ->capture_default_str();
  add_truncation(*command, options->keep);
  add_number(*command, "--seed", options->seed, "keys the sampling")->capture_default_str();
  command->callback([=] {
    const auto run = lab::open_run(use->run, use->device);
    if (use->json) {
      say_unknown(run, options->prompt);
      const auto made = lab::generate(run, *options);
      const Json out = {{"prompt", options->prompt},
                        {"text", made.text},
                        {"seed", options->seed},
                        {"tokens_per_second", static_cast<double>(made.tokens) / made.seconds},
                        {"cache_bytes", made.cache_bytes}};
      std::printf("%s\n", out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
      return;
    }
    say_unknown(run, options->prompt);
    std::printf("%s", options->prompt.c_str());
    const auto made = lab::generate(run, *options, [](const std::string& piece) {
      std::fwrite(piece.data(), 1, piece.size(), stdout);
      finish_output();
    });
    std::printf("\n");
    finish_output();
    std::fprintf(stderr, "%lld tokens in %s, %.0f tokens/s; cache %s\n",
                 static_cast<long long>(made.tokens), human_seconds(made.seconds).c_str(),
                 static_cast<double>(made.tokens) / made.seconds,
                 human_bytes(static_cast<double>(made.cache_bytes)).c_str());
  });
}

}  // namespace regard::cli
