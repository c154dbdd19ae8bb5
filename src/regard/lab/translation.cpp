#include "regard/lab/translation.hpp"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/aligned.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"
#include "regard/run/progress.hpp"

namespace regard::lab {
namespace fs = std::filesystem;
using torch::Tensor;

namespace {

// A text may be twice as long as its source and ten tokens more.
models::SearchTask task_of(const nn::Batch& batch, const data::Encoding& encoding) {
  models::SearchTask task{encoding.begin, encoding.end, {}};
  const auto lengths = batch.lengths.cpu();
  for (int64_t b = 0; b < lengths.size(0); ++b) {
    const auto source = lengths[b].item<int64_t>() - 1;
    task.longest.push_back(std::min(encoding.max_length - 1, 2 * source + 10));
  }
  return task;
}

// `texts` rows a source; a text never has the token again that it begins with.
models::SearchModel step_of(models::SequenceToSequence& model, const nn::Batch& batch,
                            const models::SearchTask& task, int64_t texts) {
  auto step = model.search(batch.inputs, batch.lengths, texts);
  if (task.begin == task.end) return step;
  step.next = [next = step.next, begin = task.begin](const Tensor& ids) {
    auto logits = next(ids);
    logits.select(1, begin).fill_(-std::numeric_limits<double>::infinity());
    return logits;
  };
  return step;
}

std::vector<std::vector<models::Hypothesis>> search(models::SequenceToSequence& model,
                                                    const nn::Batch& batch,
                                                    const data::Encoding& encoding,
                                                    const TranslateOptions& options,
                                                    const std::vector<int64_t>& lines) {
  const auto task = task_of(batch, encoding);
  if (!options.sample && options.beam.beam > 1) {
    return models::beam_search(step_of(model, batch, task, options.beam.beam), task, options.beam);
  }
  const auto step = step_of(model, batch, task, 1);
  const auto one = options.sample
                       ? models::draw_texts(step, task,
                                            {.temperature = options.temperature,
                                             .keep = options.keep,
                                             .seed = static_cast<uint64_t>(options.seed)},
                                            lines)
                       : models::greedy_search(step, task);
  std::vector<std::vector<models::Hypothesis>> all;
  for (const auto& text : one) all.push_back({text});
  return all;
}

// Which token of the source each token of a text looks at most.
std::vector<std::pair<int64_t, int64_t>> align(models::SequenceToSequence& model,
                                               const data::Encoding& encoding,
                                               const std::vector<int32_t>& source,
                                               const std::vector<int32_t>& text) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  if (text.empty() || source.empty()) return pairs;
  std::vector<int64_t> inputs(source.begin(), source.end()), target = {encoding.begin};
  inputs.push_back(encoding.end);
  target.insert(target.end(), text.begin(), text.end());
  const auto device = model.parameters().front().device();
  nn::Batch batch;
  batch.inputs = at::tensor(inputs, torch::kLong).unsqueeze(0).to(device);
  batch.others[models::kTargetInputs] = at::tensor(target, torch::kLong).unsqueeze(0).to(device);
  batch.others[models::kTargetLengths] = Tensor();
  Tensor sum;  // (T, S)
  for (const auto& layer : model.maps(batch)) {
    if (layer.part != "cross" || layer.map.gate) continue;
    const auto weights = layer.map.values[0].mean(0).to(torch::kCPU, torch::kDouble);
    sum = sum.defined() ? sum + weights : weights;
  }
  if (!sum.defined()) return pairs;
  // The row of a token is that of the position before it, and its own end is no source token.
  const auto words = static_cast<int64_t>(source.size());
  const auto best = sum.narrow(1, 0, words).argmax(1);
  for (int64_t t = 0; t < static_cast<int64_t>(text.size()); ++t)
    pairs.emplace_back(t, best[t].item<int64_t>());
  return pairs;
}

std::vector<std::string> labels_of(const data::Encoding& encoding,
                                   const std::vector<int32_t>& ids) {
  std::vector<std::string> labels;
  for (const auto id : ids) labels.push_back(encoding.tokenizer->label(id));
  return labels;
}

std::string text_of(const data::Encoding& encoding, const std::vector<int32_t>& ids) {
  auto text = encoding.tokenizer->decode(ids);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

std::string percent_interval(const char* name, const metrics::ScoreInterval& score) {
  char text[96];
  std::snprintf(text, sizeof text, "%s %.2f (%.2f to %.2f)", name, score.value, score.low,
                score.high);
  return text;
}

}  // namespace

void check(const TranslateOptions& options) {
  const auto demand = [](bool ok, const std::string& what) {
    if (!ok) throw InputError("translate: " + what);
  };
  const auto& beam = options.beam;
  demand(beam.beam >= 1,
         "a --beam of at least 1 was expected, and " + std::to_string(beam.beam) + " came");
  demand(beam.nbest >= 1,
         "an --nbest of at least 1 was expected, and " + std::to_string(beam.nbest) + " came");
  demand(beam.nbest <= beam.beam, "an --nbest of at most --beam = " + std::to_string(beam.beam) +
                                      " was expected, and " + std::to_string(beam.nbest) + " came");
  demand(std::isfinite(beam.length_penalty), "a finite --length-penalty was expected");
  demand(options.temperature >= 0 && std::isfinite(options.temperature),
         "a finite --temperature of 0 or more was expected");
  demand(!options.sample || beam.nbest == 1,
         "--sample draws one text a line, and --nbest " + std::to_string(beam.nbest) + " came");
  models::check(options.keep, "translate");
}

std::vector<std::vector<models::Hypothesis>> translate_all(models::SequenceToSequence& model,
                                                           const data::Dataset& dataset,
                                                           const data::Encoding& encoding,
                                                           int64_t rows,
                                                           const TranslateOptions& options) {
  const c10::InferenceMode guard;
  const auto device = model.parameters().front().device();
  const auto stream = dataset.sweep(rows);
  std::vector<std::vector<models::Hypothesis>> all(static_cast<std::size_t>(dataset.size()));
  run::Progress progress("translate");
  int64_t done = 0;
  for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
    const auto lines = stream->examples(step);
    const auto batch = stream->batch(step).to(device);
    auto found = search(model, batch, encoding, options, lines);
    for (std::size_t i = 0; i < lines.size(); ++i)
      all[static_cast<std::size_t>(lines[i])] = std::move(found[i]);
    done += static_cast<int64_t>(lines.size());
    progress.show(static_cast<double>(done) / static_cast<double>(dataset.size()),
                  std::to_string(done) + "/" + std::to_string(dataset.size()) + " lines");
  }
  progress.keep(1, std::to_string(done) + "/" + std::to_string(dataset.size()) + " lines");
  return all;
}

std::vector<TranslatedLine> translate(const TrainedRun& run, const std::vector<std::string>& paths,
                                      const TranslateOptions& options) {
  check_command(run, "translate", "translate");
  auto& model = dynamic_cast<models::SequenceToSequence&>(*run.model);
  check(options);
  const torch::NoGradGuard no_grad;
  const auto data = data::prepare_lines(paths, run.recipe.data, run.encoding, run.device);
  if (data->size() == 0) return {};
  const auto found = translate_all(model, *data, run.encoding, run.recipe.load.eval_batch, options);
  const auto& tokenizer = *run.encoding.tokenizer;
  std::vector<TranslatedLine> lines(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::vector<int32_t> source;
    tokenizer.encode(data->text(static_cast<int64_t>(i)), source);
    if (options.alignment) lines[i].source = labels_of(run.encoding, source);
    if (source.empty()) {
      lines[i].best.emplace_back();
      continue;
    }
    for (const auto& text : found[i]) {
      Translation one{text_of(run.encoding, text.ids), text.score, text.log_probability, {}, {}};
      if (options.alignment) {
        one.tokens = labels_of(run.encoding, text.ids);
        one.alignment = align(model, run.encoding, source, text.ids);
      }
      lines[i].best.push_back(std::move(one));
    }
  }
  return lines;
}

void fit_to_translation(Recipe& recipe, const data::Encoding& encoding) {
  if (encoding.task->targets() != data::Targets::kText) return;
  const auto set = [&](const char* name, auto& value, auto wanted) {
    if (!recipe.named.contains(name)) value = wanted;
  };
  auto& trunk = recipe.model.trunk;
  set("model.positions", trunk.positions, "sinusoidal");
  set("model.embed_scale", trunk.embed_scale, "sqrt");
  if (trunk.init == 0) set("model.init_rule", trunk.init_rule, "inputs");
  set("model.dropout", trunk.dropout, 0.1);
  set("model.label_smoothing", recipe.model.label_smoothing, 0.1);
  set("model.width", trunk.width, 128);
  if (recipe.load.batch_tokens == 0) set("data.batch", recipe.load.batch, 64);
  set("train.lr", recipe.train.lr, 2e-3);
  set("train.beta2", recipe.train.beta2, 0.98);
}

nn::Loss TranslationLearner::loss(const nn::Batch& batch) {
  batches_.clear();
  return ModelLearner::loss(batch);
}

nn::BatchScore TranslationLearner::score(const nn::Batch& batch) {
  batches_.push_back(batch);
  return ModelLearner::score(batch);
}

std::vector<double> TranslationLearner::scores(const metrics::Predictions&) const {
  auto& seq2seq = dynamic_cast<models::SequenceToSequence&>(model());
  TranslateOptions options;
  options.beam.beam = beam_;
  texts_.assign(static_cast<std::size_t>(dataset_->size()), "");
  for (const auto& batch : batches_) {
    const auto numbers = batch.others.at(data::kExampleRows).cpu();
    const std::vector<int64_t> lines(numbers.data_ptr<int64_t>(),
                                     numbers.data_ptr<int64_t>() + numbers.numel());
    const auto found = search(seq2seq, batch, encoding_, options, lines);
    for (std::size_t i = 0; i < lines.size(); ++i)
      texts_[static_cast<std::size_t>(lines[i])] = text_of(encoding_, found[i].front().ids);
  }
  batches_.clear();
  metrics::TranslationCounts counts;
  for (std::size_t i = 0; i < texts_.size(); ++i)
    counts.add(texts_[i], dataset_->pair(static_cast<int64_t>(i))[1]);
  return {counts.scores().bleu, counts.scores().chrf};
}

std::unique_ptr<ModelLearner> make_learner(const std::shared_ptr<models::Model>& model,
                                           const data::Encoding& encoding,
                                           std::shared_ptr<const data::Dataset> dataset,
                                           int64_t beam) {
  if (encoding.task->targets() != data::Targets::kText)
    return std::make_unique<ModelLearner>(model, encoding);
  auto learner = std::make_unique<TranslationLearner>(model, encoding);
  learner->judge_by(std::move(dataset), beam);
  return learner;
}

metrics::TranslationCounts score_files(const std::string& translations,
                                       const std::string& references) {
  const auto text_of = [](const std::string& path) {
    data::check_exists(path);
    auto file = data::open_single(path);
    return data::decode(std::move(file.bytes), file.name, {}).text;
  };
  const auto said = text_of(translations), meant = text_of(references);
  const auto lines = data::lines_of(said), right = data::lines_of(meant);
  if (lines.size() != right.size()) {
    throw InputError("score: as many lines were expected in both files, and " + translations +
                     " has " + std::to_string(lines.size()) + ", " + references + " " +
                     std::to_string(right.size()));
  }
  if (lines.empty()) throw InputError("score: " + translations + " has no line");
  metrics::TranslationCounts counts;
  for (std::size_t i = 0; i < lines.size(); ++i) counts.add(lines[i], right[i]);
  return counts;
}

void write_samples(const fs::path& folder, const std::vector<std::string>& texts,
                   const data::Dataset& dataset, const std::string& part) {
  constexpr int64_t kShown = 10;
  metrics::TranslationCounts counts;
  for (std::size_t i = 0; i < texts.size(); ++i)
    counts.add(texts[i], dataset.pair(static_cast<int64_t>(i))[1]);
  const auto intervals = counts.intervals();
  std::string out = part + ", " + std::to_string(texts.size()) +
                    " lines, beam 5: " + percent_interval("BLEU", intervals.bleu) + ", " +
                    percent_interval("chrF", intervals.chrf) + ", " +
                    percent_interval("chrF++", intervals.chrf_plus_plus) +
                    "\nIntervals hold 95 % of 1000 bootstraps over the lines.\n";
  const auto count = static_cast<int64_t>(texts.size());
  for (int64_t k = 0; k < std::min(kShown, count); ++k) {
    const auto i = k * count / std::min(kShown, count);
    const auto [source, reference] = dataset.pair(i);
    out += "\nsource:      " + std::string(source) + "\nreference:   " + std::string(reference) +
           "\ntranslation: " + readable(texts[static_cast<std::size_t>(i)]) + "\n";
  }
  write_atomically(folder / "samples.txt", out);
}

std::string read_samples(const fs::path& folder) {
  const auto path = folder / "samples.txt";
  return fs::exists(path) ? read_file(path) : "";
}

}  // namespace regard::lab
