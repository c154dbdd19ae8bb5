#include "regard/lab/run_report.hpp"

#include <cstdio>
#include <map>
#include <sstream>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/utf8.hpp"
#include "regard/lab/machine.hpp"
#include "regard/lab/nodes.hpp"
#include "regard/lab/session.hpp"
#include "regard/lab/train_run.hpp"
#include "regard/lab/translation.hpp"
#include "regard/lab/words_baseline.hpp"
#include "regard/report/page.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

namespace {

constexpr int64_t kMapInputs = 2, kMapPositions = 64;

// Auxiliary losses are "loss_<name>", and other measures than loss and accuracy "valid_<name>".
void add_named(const Json& line, report::Point& point) {
  const std::string loss = "loss_", valid = "valid_";
  for (const auto& [key, value] : line.items()) {
    const bool usual = key == "valid_loss" || key == "valid_accuracy" || key == "valid_count";
    if (!value.is_number() || usual) continue;
    if (key.starts_with(loss)) point.losses[key.substr(loss.size())] = value.get<double>();
    if (key.starts_with(valid)) point.scores[key.substr(valid.size())] = value.get<double>();
  }
}

// Lines of one step (training, evaluation) become one point.
std::vector<report::Point> read_curve(const fs::path& metrics) {
  std::map<int64_t, report::Point> points;
  if (!fs::exists(metrics)) return {};
  std::istringstream lines(read_file(metrics));
  std::string line;
  while (std::getline(lines, line)) {
    const auto json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step")) continue;
    const auto step = json["step"].get<int64_t>();
    auto& point = points[step];
    point.step = static_cast<double>(step);
    const auto set = [&](const char* key, double& target) {
      if (json.contains(key) && json[key].is_number()) target = json[key].get<double>();
    };
    set("seconds", point.seconds);
    set("tokens", point.tokens);
    set("loss", point.train_loss);
    set("valid_loss", point.valid_loss);
    set("valid_accuracy", point.valid_accuracy);
    add_named(json, point);
  }
  std::vector<report::Point> curve;
  for (const auto& [step, point] : points) curve.push_back(point);
  return curve;
}

std::vector<std::string> position_labels(const TrainedRun& run, const torch::Tensor& ids) {
  std::vector<std::string> labels;
  if (!run.encoding.tokenizer || ids.dim() != 1) return labels;
  const auto whole = ids.to(torch::kCPU, torch::kLong).contiguous();
  for (int64_t t = 0; t < whole.numel(); ++t) {
    const auto id = static_cast<int32_t>(whole[t].item<int64_t>());
    if (id == run.encoding.begin || id == run.encoding.end) {
      labels.push_back(id == run.encoding.end ? "end" : "begin");
      continue;
    }
    auto text = run.encoding.tokenizer->label(id);
    labels.push_back(text == "\n" ? "\u21b5" : text == " " ? "\u2423" : text);
  }
  return labels;
}

void add_maps(const TrainedRun& run, const nn::Batch& one, int64_t input,
              std::vector<report::AttentionMap>& maps) {
  const auto labels = position_labels(run, one.inputs[0]);
  for (const auto& layer : run.model->maps(one)) {
    const auto values =
        layer.map.values[0].to(torch::kCPU, torch::kFloat).contiguous();  // (h, rows, T)
    // Columns of a decoder's own attention are its target.
    const auto target = one.others.find("target.inputs");
    const auto columns = layer.part == "decoder" && target != one.others.end()
                             ? position_labels(run, target->second[0])
                             : labels;
    const auto part = layer.part.empty() ? "" : " · " + layer.part;
    for (int64_t head = 0; head < values.size(0); ++head) {
      const auto map = values[head].contiguous();
      maps.push_back(
          {.title = run.recipe.phrase_text() + " · input " + std::to_string(input + 1) + part +
                    " · layer " + std::to_string(layer.layer + 1) + " · head " +
                    std::to_string(head + 1),
           .rows = map.size(0),
           .cols = map.size(1),
           .values = std::vector<float>(map.data_ptr<float>(), map.data_ptr<float>() + map.numel()),
           .gate = layer.map.gate,
           .labels = static_cast<int64_t>(columns.size()) == map.size(1)
                         ? columns
                         : std::vector<std::string>()});
    }
  }
}

// Test inputs, or where none are named those that validate; nullptr where the files are there no
// more.
std::shared_ptr<const data::Dataset> unseen_inputs(const TrainedRun& run) {
  const auto& spec = run.recipe.data;
  try {
    if (!spec.test.empty()) {
      return data::prepare_evaluation(spec.test, spec, run.encoding, torch::kCPU, nullptr,
                                      spec.test_target);
    }
    if (run.encoding.nodes) return data::prepare(spec, torch::kCPU).valid;
    // By the run's own encoding: it may have begun from another run.
    return data::make_dataset(data::read_parts(spec).valid, run.encoding, torch::kCPU);
  } catch (const InputError& error) {
    std::fprintf(stderr, "no maps of %s in the report: %s\n", run.recipe.phrase_text().c_str(),
                 error.what());
    return nullptr;
  }
}

}  // namespace

report::Run report_run(const fs::path& folder, const std::string& phrase, int64_t seed) {
  report::Run run;
  run.phrase = phrase;
  run.seed = seed;
  run.curve = read_curve(folder / "metrics.jsonl");
  if (!is_finished(folder)) {
    run.note = fs::exists(folder / "error.txt") ? read_file(folder / "error.txt") : "not finished";
    return run;
  }
  const auto r = read_result(folder);
  run.loss = r.outcome.best_loss;
  run.accuracy = r.outcome.best_accuracy;
  run.scores = r.outcome.best_scores;
  run.test_scores = r.test_scores;
  const auto seen = [&](const char* name, double& to) {
    const auto found = r.outcome.best_scores.find(name);
    if (found != r.outcome.best_scores.end()) to = found->second;
  };
  seen("edges_per_query", run.edges_per_query);
  seen("edge_recall", run.edge_recall);
  if (r.predictor_share > 0) run.predictor_share = r.predictor_share;
  run.test_loss = r.test_loss;
  run.test_accuracy = r.test_accuracy;
  run.parameters = static_cast<double>(r.parameters);
  if (r.attention_parameters >= 0) {
    run.attention_parameters = static_cast<double>(r.attention_parameters);
  }
  if (r.cache_bytes >= 0) run.cache_bytes = r.cache_bytes;
  run.seconds = r.outcome.seconds;
  run.tokens_per_second = r.outcome.tokens_per_second;
  run.peak_memory_bytes = static_cast<double>(r.outcome.peak_memory);
  run.finished = true;
  if (train::same_answer(r.outcome.logit_deviation) || !r.one_answer.empty())
    run.note = report::kSameAnswer;
  return run;
}

std::vector<report::AttentionMap> attention_maps(const fs::path& folder) {
  const torch::NoGradGuard guard;
  const auto run = open_run(folder, "cpu");
  const auto data = unseen_inputs(run);
  if (data == nullptr) return {};
  const auto stream = data->sweep(1);
  std::vector<report::AttentionMap> maps;
  const int64_t count = std::min(kMapInputs, stream->steps_per_epoch());
  for (int64_t i = 0; i < count; ++i) {
    auto batch =
        stream->batch(i * std::max<int64_t>(1, (stream->steps_per_epoch() - 1) / kMapInputs));
    if (run.encoding.task->targets() == data::Targets::kText) {
      add_maps(run, models::first_example(batch), i, maps);
      continue;
    }
    const int64_t length =
        std::min(kMapPositions,
                 batch.lengths.defined() ? batch.lengths[0].item<int64_t>() : batch.inputs.size(1));
    cut_positions(batch, length);
    add_maps(run, batch, i, maps);
  }
  return maps;
}

void write_run_report(const fs::path& folder) {
  const auto result = read_result(folder);
  auto recipe = load_recipe(folder / "recipe.toml");
  report::Comparison comparison;
  comparison.title =
      readable(recipe.run.title.empty() ? folder.filename().string() : recipe.run.title);
  comparison.task = result.task;
  comparison.measure = data::find_task(result.task).metrics().front();
  comparison.unit = result.unit;
  comparison.runs = {report_run(folder, result.phrase, result.seed)};
  if (const auto words = read_words(folder)) {
    comparison.against_words = against_words(*words, {{result.phrase, {folder}}});
    report::add_line(comparison, words_run(*words));
  }
  comparison.budget = std::to_string(result.outcome.step) + " steps";
  comparison.recipe_toml = recipe.to_toml();
  comparison.environment = result.environment.empty()
                               ? environment(choose_device(recipe.run.device))
                               : result.environment;
  comparison.maps = attention_maps(folder);
  comparison.samples = read_samples(folder);
  report::write_page(comparison, folder / "report.html");
}

}  // namespace regard::lab
