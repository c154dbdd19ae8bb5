#include "regard/lab/train_run.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/answers.hpp"
#include "regard/lab/begin_from.hpp"
#include "regard/lab/machine.hpp"
#include "regard/lab/nodes.hpp"
#include "regard/lab/predictor_share.hpp"
#include "regard/lab/run_report.hpp"
#include "regard/lab/session.hpp"
#include "regard/lab/small_text.hpp"
#include "regard/lab/translation.hpp"
#include "regard/lab/words_baseline.hpp"
#include "regard/train/average.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

namespace {

// JSON has no NaN: an absent number is null.
Json to_json(const Environment& environment) {
  Json json = Json::object();
  for (const auto& [name, value] : environment) json[name] = value;
  return json;
}

using Scores = std::map<std::string, double>;

// Other metrics of a task as valid_<name> and test_<name>.
void add_scores(Json& json, const std::string& part, const Scores& scores) {
  for (const auto& [name, value] : scores) json[part + "_" + name] = finite_or_null(value);
}

Scores read_scores(const Json& json, const std::string& part, const std::string& task) {
  Scores scores;
  for (const auto& known : data::all_tasks()) {
    if (known->name() != task) continue;
    for (const auto& metric : known->metrics()) {
      const bool other = metric.name != "loss" && metric.name != "accuracy";
      const auto key = part + "_" + metric.name;
      if (other && json.contains(key)) scores[metric.name] = number_of(json, key.c_str());
    }
  }
  for (const std::string name : {"edges_per_query", "edge_recall"}) {
    const auto key = part + "_" + name;
    if (json.contains(key)) scores[name] = number_of(json, key.c_str());
  }
  return scores;
}

void write_result(const fs::path& folder, const RunResult& r) {
  const auto& o = r.outcome;
  Json json = {{"phrase", r.phrase},
               {"seed", r.seed},
               {"task", r.task},
               {"unit", r.unit},
               {"parameters", r.parameters},
               {"attention_parameters", r.attention_parameters},
               {"cache_bytes", r.cache_bytes},
               {"steps", o.step},
               {"tokens", o.tokens},
               {"seconds", o.seconds},
               {"tokens_per_second", o.tokens_per_second},
               {"peak_memory", o.peak_memory},
               {"train_loss", finite_or_null(o.train_loss)},
               {"valid_loss", finite_or_null(o.best_loss)},
               {"valid_accuracy", finite_or_null(o.best_accuracy)},
               {"best_step", o.best_step},
               {"logit_deviation", finite_or_null(o.logit_deviation)},
               {"test_loss", finite_or_null(r.test_loss)},
               {"test_accuracy", finite_or_null(r.test_accuracy)},
               {"predictor_share", r.predictor_share},
               {"one_answer", r.one_answer},
               {"finished", o.finished},
               {"kernels", r.kernels},
               {"environment", to_json(r.environment)}};
  add_scores(json, "valid", o.best_scores);
  add_scores(json, "test", r.test_scores);
  write_atomically(folder / "result.json", json.dump(2) + "\n");
}

std::string unit_of(const data::Encoding& encoding) {
  if (!encoding.tokenizer) return "token";
  const auto name = encoding.tokenizer->name();
  if (name.ends_with("piece")) return "piece";
  return name.ends_with("words") ? "word" : name;
}

constexpr const char* kStuck =
    "warning: at its last evaluation the model gave the same answer to every example: it is stuck, "
    "and its accuracy says nothing about its attention. Mend: a lower train.lr, a longer "
    "train.warmup, train.clip = 1, or [model] norm_last = true";

std::string one_answer_sentence(const std::string& label, double accuracy) {
  return "warning: the model answers \"" + label +
         "\" to every validation example: its accuracy of " + formatted(100 * accuracy, "%.1f %%") +
         " is the share of that label. Mend: more data or steps, another train.lr, or another "
         "tokenizer";
}

void say(const std::string& sentence) { std::fprintf(stderr, "%s\n", sentence.c_str()); }

void average(const Recipe& recipe, const fs::path& folder) {
  const auto count = train::average_checkpoints(folder, recipe.train.average);
  say("weights: the mean of the last " + std::to_string(count) + " checkpoints");
}

// What the run is used with.
fs::path weights_of(const fs::path& folder) {
  for (const char* name : {"average.safetensors", "best.safetensors"}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  return folder / "last.safetensors";
}

// Translations of the test part by a beam, or where there is none of the validation part.
void mark_texts(RunResult& result, const std::shared_ptr<models::Model>& model,
                const data::Prepared& prepared, const Recipe& recipe, const fs::path& folder) {
  constexpr int64_t kBeam = 5;
  const auto& dataset = prepared.test ? prepared.test : prepared.valid;
  TranslationLearner learner(model, prepared.encoding);
  learner.judge_by(dataset, kBeam);
  const auto score = train::evaluate(learner, evaluation_of(*dataset, recipe.load.eval_batch));
  write_samples(folder, learner.texts(), *dataset, prepared.test ? "test" : "validation");
  if (!prepared.test) return;
  result.test_loss = score.loss;
  result.test_accuracy = score.accuracy;
  result.test_scores = score.others;
}

// The best checkpoint on the test part; what it answers to each text is kept for the comparison
// with a bag of words.
void mark_parts(RunResult& result, const std::shared_ptr<models::Model>& shared,
                ModelLearner& learner, const data::Prepared& prepared, const Recipe& recipe,
                const fs::path& folder) {
  auto& model = *shared;
  const auto rows = recipe.load.eval_batch;
  const auto& encoding = prepared.encoding;
  result.test_loss = result.test_accuracy = std::numeric_limits<double>::quiet_NaN();
  const bool classes = encoding.task->targets() == data::Targets::kExample;
  const bool texts = encoding.task->targets() == data::Targets::kText;
  if (!prepared.test && !classes && !texts) return;
  train::load_weights(weights_of(folder), learner);
  if (texts) return mark_texts(result, shared, prepared, recipe, folder);
  if (prepared.test) {
    const auto score = train::evaluate(learner, evaluation_of(*prepared.test, rows));
    result.test_loss = score.loss;
    result.test_accuracy = score.accuracy;
    result.test_scores = score.others;
  }
  if (!classes) return;
  const auto valid = answers(model, *prepared.valid, encoding, rows);
  result.one_answer = valid.one_answer;
  if (!result.one_answer.empty())
    say(one_answer_sentence(result.one_answer, result.outcome.best_accuracy));
  if (encoding.is_image()) return;
  Right right{valid.right, ""};
  if (prepared.test) right.test = answers(model, *prepared.test, encoding, rows).right;
  write_right(folder, right);
}

// Where a translation has another attention than its phrase.
std::vector<std::string> sentences_about(const Recipe& recipe, const data::Encoding& encoding) {
  if (encoding.task->targets() != data::Targets::kText) return {};
  auto spec = recipe.model;
  spec.decoder = recipe.attention.decoder;
  spec.cross = recipe.attention.cross;
  return models::sequence_attentions(spec, recipe.phrases()).sentences;
}

// Dropout of attention weights leaves the kernels: each layer holds all weights of a batch.
std::string weight_dropout_sentence(const Recipe& recipe, const data::Encoding& encoding) {
  const auto& trunk = recipe.model.trunk;
  if (trunk.attention_dropout <= 0) return "";
  const auto length = static_cast<double>(encoding.max_length);
  const double weights = static_cast<double>(recipe.load.batch * trunk.heads) * length * length;
  const double bytes = weights * (recipe.train.dtype == "bf16" ? 2 : 4);
  return "attention_dropout: training runs the reference instead of a kernel; the weights of a "
         "layer "
         "take up to " +
         human_bytes(bytes);
}

}  // namespace

namespace {

// A predictor that makes its choices one after another says what a step costs before it starts.
void say_choices(const Recipe& recipe, models::Model& model, StreamBatches& batches,
                 int64_t positions) {
  std::string names;
  int64_t choices = 0;
  const auto phrases = recipe.phrases();
  const auto layers = static_cast<std::size_t>(recipe.model.trunk.layers);
  for (std::size_t i = 0; i < layers; ++i) {
    const auto& phrase = phrases.size() == 1 ? phrases[0] : phrases[i];
    const auto more = phrase.graph->choices(positions);
    if (more == 0) continue;
    choices += more;
    names = phrase.graph_name;
  }
  if (choices == 0) return;
  model.train();
  const auto batch = batches.batch(0).to(model.parameters().front().device());
  double seconds = 0;
  for (int turn = 0; turn < 2; ++turn) {  // the first one allocates
    const double start = seconds_now();
    const torch::NoGradGuard guard;
    model.logits(batch);
    seconds = seconds_now() - start;
  }
  char text[160];
  std::snprintf(
      text, sizeof text,
      "%s: %lld choices one after another for %lld positions, about %.2g s a step for the "
      "choices alone",
      names.c_str(), static_cast<long long>(choices), static_cast<long long>(positions), seconds);
  say(text);
}

}  // namespace

fs::path default_folder(const Recipe& recipe) {
  if (!recipe.run.out.empty()) return recipe.run.out;
  if (recipe.data.train.empty()) return fs::path("runs") / "run";
  fs::path name = fs::path(recipe.data.train.front()).lexically_normal();
  if (name.filename().empty()) name = name.parent_path();
  auto stem = name.filename().string();
  return fs::path("runs") / stem.substr(0, std::max<std::size_t>(1, stem.find('.', 1)));
}

RunResult train_run(const Recipe& given, const fs::path& folder, Start start, Report report) {
  Recipe recipe = given;
  recipe.run.out = folder.string();
  train::check(recipe.train);
  check(recipe.load);
  require_data(recipe, "train");
  const auto device = choose_device(recipe.run.device);
  set_threads(recipe.run.threads);
  recipe.phrases();  // a mistake in a phrase is told before anything is read or written

  const auto from = BeginFrom::open(recipe);
  const auto prepared = data::prepare(recipe.data, device, begun_of(from));
  fit_to_size(recipe, prepared.encoding, *prepared.train);
  fit_to_nodes(recipe, prepared.encoding);
  fit_to_translation(recipe, prepared.encoding);
  // Remembered for `predict`: a single file of any type is then read as the files in the folders
  // were.
  std::error_code ignored;
  const auto& first = recipe.data.train.front();
  if (recipe.data.reader.reader == "auto" && recipe.data.target.empty() &&
      (fs::is_directory(first, ignored) || data::guess_reader(first) == "directory")) {
    recipe.data.reader.reader = "directory";
  }
  const auto phrase = recipe.phrase_text();
  const auto model = make_model(recipe, prepared.encoding);
  const auto begun = from ? from->give(*model) : "";
  // Everything that the data can refuse is asked before the folder exists.
  StreamBatches batches(prepared.train, {.size = {recipe.load.batch, recipe.load.batch_tokens},
                                         .seed = static_cast<uint64_t>(recipe.run.seed),
                                         .last = data::Last::kKeep,
                                         .threads = recipe.load.loaders});
  const auto valid = evaluation_of(*prepared.valid, recipe.load.eval_batch);
  train::total_steps(recipe.train, batches.per_epoch());
  const run::Folder run_folder(
      folder, start == Start::kResume ? run::Folder::Open::kResume : run::Folder::Open::kNew);
  if (is_finished(folder)) {
    const auto before = load_recipe(folder / "recipe.toml");
    if (before.identity() != recipe.identity() || before.run.seed != recipe.run.seed) {
      throw InputError(folder.string() +
                       ": holds a finished run of another recipe or seed; choose another folder");
    }
    say(folder.string() + ": this run is finished");
    return read_result(folder);
  }
  for (const auto& sentence : prepared.sentences) say(sentence);
  if (!begun.empty()) say(begun);
  model->to(device);
  say("model: " + model_kind(recipe, prepared.encoding) + ", " + phrase + ", " +
      std::to_string(count_parameters(*model)) + " parameters; device " + device.str());
  for (const auto& sentence : sentences_about(recipe, prepared.encoding)) say(sentence);
  if (const auto about = weight_dropout_sentence(recipe, prepared.encoding); !about.empty())
    say(about);
  write_atomically(folder / "recipe.toml", recipe.to_toml());
  say_choices(recipe, *model, batches, prepared.encoding.max_length);

  const auto learner = make_learner(model, prepared.encoding, prepared.valid);
  const run::Identity identity{
      .recipe = recipe.identity(),
      .seed = recipe.run.seed,
      .notes = {{"encoding", prepared.encoding.to_json()}, {"phrase", phrase}}};
  RunResult result;
  result.outcome =
      train::run(*learner, batches, valid, recipe.train, run_folder, identity,
                 train::console_progress(phrase + ", seed " + std::to_string(recipe.run.seed)));
  if (train::same_answer(result.outcome.logit_deviation)) say(kStuck);
  result.phrase = phrase;
  result.seed = recipe.run.seed;
  result.task = prepared.encoding.task->name();
  result.unit = unit_of(prepared.encoding);
  result.parameters = count_parameters(*model);
  result.attention_parameters = count_attention_parameters(*model);
  if (can_generate(recipe.phrases()))
    result.cache_bytes = cache_bytes(*model, prepared.encoding.max_length);
  result.predictor_share =
      predictor_share(*learner, batches.batch(0), recipe.train, result.outcome.step);
  result.kernels = ops::kernels_that_ran();
  result.environment = environment(device);
  if (recipe.train.average > 0) average(recipe, folder);
  mark_parts(result, model, *learner, prepared, recipe, folder);
  if (wants_words(recipe, prepared.encoding)) fit_words(recipe, folder);
  write_result(folder, result);
  if (report == Report::kWrite) write_run_report(folder);
  return result;
}

bool is_finished(const fs::path& folder) { return fs::exists(folder / "result.json"); }

RunResult read_result(const fs::path& folder) {
  const auto path = folder / "result.json";
  const auto json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) throw InputError(path.string() + ": the result of a run was expected");
  RunResult r;
  r.phrase = json.value("phrase", "");
  r.task = json.value("task", "");
  r.unit = json.value("unit", "");
  r.seed = json.value("seed", int64_t{0});
  r.parameters = json.value("parameters", int64_t{0});
  r.attention_parameters = json.value("attention_parameters", int64_t{-1});
  r.cache_bytes = json.value("cache_bytes", -1.0);
  auto& o = r.outcome;
  o.step = json.value("steps", int64_t{0});
  o.tokens = json.value("tokens", int64_t{0});
  o.seconds = number_of(json, "seconds");
  o.tokens_per_second = number_of(json, "tokens_per_second");
  o.peak_memory = json.value("peak_memory", int64_t{0});
  o.train_loss = number_of(json, "train_loss");
  o.best_loss = o.valid_loss = number_of(json, "valid_loss");
  o.best_accuracy = o.valid_accuracy = number_of(json, "valid_accuracy");
  o.best_step = json.value("best_step", int64_t{-1});
  o.logit_deviation = number_of(json, "logit_deviation");
  o.finished = json.value("finished", "");
  o.best_scores = read_scores(json, "valid", r.task);
  r.test_scores = read_scores(json, "test", r.task);
  r.test_loss = number_of(json, "test_loss");
  r.test_accuracy = number_of(json, "test_accuracy");
  r.predictor_share = json.value("predictor_share", 0.0);
  r.one_answer = json.value("one_answer", "");
  r.kernels = json.value("kernels", std::vector<std::string>());
  const Json told = json.value("environment", Json::object());
  for (const auto& [name, value] : told.items()) {
    if (value.is_string()) r.environment.emplace_back(name, value.get<std::string>());
  }
  return r;
}

}  // namespace regard::lab
