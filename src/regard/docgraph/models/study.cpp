#include "regard/docgraph/models/study.hpp"

#include <mutex>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/baselines/bag_of_words.hpp"
#include "regard/docgraph/models/foreign.hpp"
#include "regard/docgraph/vector_file.hpp"
#include "regard/metrics/f1.hpp"
#include "regard/ops/jobs.hpp"
#include "regard/run/machine.hpp"

namespace regard::docgraph {
using torch::Tensor;

namespace {

/// One split with its vectors, shared by all seeds that use it.
struct Setting {
  Parts parts;
  Vectors vectors;
  std::shared_ptr<const Encoder> encoder;
  double scale = 1;
  int64_t width = 0;
};

struct Job {
  uint64_t seed = 1;
  std::size_t setting = 0;
};

class Study {
 public:
  Study(const Spec& spec, std::function<void(const std::string&)> say)
      : spec_(spec), say_(std::move(say)) {
    corpus_ = load_corpus(spec_, spec_.data.paths, data::Labels::kRead);
    for (const auto& note : corpus_.notes) say_(note);
    classes_ = static_cast<int64_t>(corpus_.classes.size());
    plan();
  }

  Json run();

 private:
  void plan();
  void prepare(Setting& setting);
  std::vector<EntryResult> run_job(const Job& job);
  EntryResult bag_of_words(const Setting& setting) const;
  EntryResult trained(const Setting& setting, const std::string& entry, AttentionNet* attention,
                      uint64_t seed);
  void disturb(const Setting& setting, const std::string& entry, const Trainee& trainee,
               AttentionNet* attention, uint64_t seed, EntryResult& result) const;
  void finish(const Setting& setting, const Tensor& logits, const std::vector<Item>& items,
              EntryResult& result) const;
  void tell(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    say_(sentence);
  }

  Spec spec_;
  std::function<void(const std::string&)> say_;
  std::mutex mutex_;
  Corpus corpus_;
  int64_t classes_ = 0;
  std::vector<Setting> settings_;
  std::vector<Job> jobs_;
};

void Study::plan() {
  const auto seed = static_cast<uint64_t>(spec_.data.split_seed);
  if (spec_.data.folds == 0) {
    settings_.emplace_back();
    settings_[0].parts = split_parts(corpus_, spec_.data.shares, seed);
    if (settings_[0].parts.test.empty())
      throw InputError(
          "docgraph compare: a test part was expected; test_fraction above 0 or folds");
    for (const auto s : spec_.seeds) jobs_.push_back({static_cast<uint64_t>(s), 0});
    return;
  }
  for (const auto s : spec_.seeds) {
    for (int64_t fold = 0; fold < spec_.data.folds; ++fold) {
      jobs_.push_back({static_cast<uint64_t>(s), settings_.size()});
      settings_.emplace_back();
      settings_.back().parts = fold_parts(corpus_, spec_.data.folds, fold, spec_.data.shares.valid,
                                          seed * 1000 + static_cast<uint64_t>(s));
    }
  }
}

void Study::prepare(Setting& setting) {
  std::vector<float> values;
  if (!spec_.vector_file.empty()) {
    auto file = read_vectors(spec_.vector_file, corpus_, 0);
    values = std::move(file.values);
    setting.width = file.width;
    spec_.attention.check(setting.width);
  } else {
    setting.encoder = make_encoder(spec_.vectors, all_sentences(corpus_, setting.parts.train));
    setting.width = spec_.vectors.width;
    values = setting.encoder->encode(all_sentences(corpus_));
  }
  setting.scale = scale_of(corpus_, values, setting.width, setting.parts.train);
  setting.vectors = vectors_of(corpus_, values, setting.width, setting.scale);
}

void Study::finish(const Setting& setting, const Tensor& logits, const std::vector<Item>& items,
                   EntryResult& result) const {
  result.test = score(logits, items);
  const auto answers = logits.argmax(1).contiguous();
  for (std::size_t i = 0; i < items.size(); ++i)
    result.right.emplace_back(setting.parts.test[i],
                              answers.data_ptr<int64_t>()[i] == items[i].label);
}

EntryResult Study::bag_of_words(const Setting& setting) const {
  const double start = seconds_now();
  const auto part = [&](const std::vector<int64_t>& rows) {
    baselines::Labelled labelled;
    for (const auto row : rows) {
      const auto& document = corpus_.documents[static_cast<std::size_t>(row)];
      labelled.texts.views.push_back(document.text);
      labelled.labels.push_back(document.label);
    }
    return labelled;
  };
  const auto train = part(setting.parts.train), valid = part(setting.parts.valid),
             test = part(setting.parts.test);
  const baselines::BagOfWords model(train, valid, classes_);
  const auto marks = baselines::mark(model.probabilities(test.texts), test.labels);
  EntryResult result;
  metrics::Predictions predictions;
  for (std::size_t i = 0; i < test.labels.size(); ++i) {
    result.right.emplace_back(setting.parts.test[i], marks.answers[i] == test.labels[i]);
    predictions.predicted.push_back(marks.answers[i]);
    predictions.truth.push_back(test.labels[i]);
  }
  result.test = {marks.accuracy, metrics::macro_f1(predictions)};
  result.seconds = seconds_now() - start;
  return result;
}

void Study::disturb(const Setting& setting, const std::string& entry, const Trainee& trainee,
                    AttentionNet* attention, uint64_t seed, EntryResult& result) const {
  if (!setting.encoder) return;
  for (const double share : spec_.compare.foreign) {
    const auto made = with_foreign(corpus_, setting.parts.test, share, seed);
    const auto vectors =
        vectors_of(made.corpus, setting.encoder->encode(all_sentences(made.corpus)), setting.width,
                   setting.scale);
    std::vector<int64_t> rows(made.corpus.documents.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
    auto items = items_of(made.corpus, rows);
    std::vector<SentenceGraph> graphs;
    if (is_graph_entry(entry)) {
      graphs = graphs_of(parse_graph(entry), made.corpus, vectors, attention, seed);
      items = items_of(made.corpus, graphs, rows);
      result.clean[share] = clean_share(graphs, made.foreign);
    }
    result.foreign[share] = score(logits_of(trainee, vectors, items), items);
  }
}

EntryResult Study::trained(const Setting& setting, const std::string& entry,
                           AttentionNet* attention, uint64_t seed) {
  const double start = seconds_now();
  EntryResult result;
  const auto quiet = [](double, const std::string&) {};
  const auto& parts = setting.parts;
  std::vector<SentenceGraph> graphs;
  std::unique_ptr<GraphNet> net;
  std::shared_ptr<MeanNet> mean;
  Trainee trainee;
  if (is_graph_entry(entry)) {
    const auto graph = parse_graph(entry);
    graphs = graphs_of(graph, corpus_, setting.vectors, attention, seed);
    for (const auto& g : graphs) result.edges += static_cast<double>(g.count);
    result.edges /= static_cast<double>(graphs.size());
    if (graph.kind != "full") result.recall = planted_recall(corpus_, graphs, parts.test);
    net = std::make_unique<GraphNet>(spec_.gat, setting.width, classes_, pairs_of(graph), seed);
    trainee = net->trainee();
  } else {
    mean = std::make_shared<MeanNet>(spec_.gat, setting.width, classes_, seed);
    trainee = mean->trainee();
  }
  const auto items = [&](const std::vector<int64_t>& rows) {
    return graphs.empty() ? items_of(corpus_, rows) : items_of(corpus_, graphs, rows);
  };
  result.valid_f1 = fit(trainee, setting.vectors, items(parts.train), items(parts.valid), classes_,
                        spec_.gat.fit, seed, quiet)
                        .f1;
  const auto test = items(parts.test);
  finish(setting, logits_of(trainee, setting.vectors, test), test, result);
  result.seconds = seconds_now() - start;
  disturb(setting, entry, trainee, attention, seed, result);
  return result;
}

std::vector<EntryResult> Study::run_job(const Job& job) {
  const auto& setting = settings_[job.setting];
  const auto& entries = spec_.compare.entries;
  std::shared_ptr<AttentionNet> attention;
  EntryResult stage1;
  const bool learned = std::any_of(entries.begin(), entries.end(), [](const std::string& entry) {
    return entry == kStage1 || (is_graph_entry(entry) && parse_graph(entry).learned());
  });
  if (learned) {
    const double start = seconds_now();
    attention = std::make_shared<AttentionNet>(spec_.attention, setting.width, classes_, job.seed);
    stage1.valid_f1 =
        fit(attention->trainee(), setting.vectors, items_of(corpus_, setting.parts.train),
            items_of(corpus_, setting.parts.valid), classes_, spec_.attention.fit, job.seed,
            [](double, const std::string&) {})
            .f1;
    const auto test = items_of(corpus_, setting.parts.test);
    finish(setting, logits_of(attention->trainee(), setting.vectors, test), test, stage1);
    stage1.seconds = seconds_now() - start;
    disturb(setting, kStage1, attention->trainee(), attention.get(), job.seed, stage1);
  }
  std::vector<EntryResult> results;
  for (const auto& entry : entries) {
    if (entry == kBagOfWords) {
      results.push_back(bag_of_words(setting));
    } else if (entry == kStage1) {
      results.push_back(stage1);
    } else {
      results.push_back(trained(setting, entry, attention.get(), job.seed));
    }
    char line[200];
    std::snprintf(line, sizeof line,
                  "seed %llu%s  %-24s accuracy %.1f %%, macro-F1 %.1f %%, %.0f s",
                  static_cast<unsigned long long>(job.seed),
                  settings_.size() > 1 ? (" split " + std::to_string(job.setting + 1)).c_str() : "",
                  entry.c_str(), 100 * results.back().test.accuracy, 100 * results.back().test.f1,
                  results.back().seconds);
    tell(line);
  }
  return results;
}

Json Study::run() {
  const double start = seconds_now();
  const auto threads = std::min<int64_t>(spec_.threads, static_cast<int64_t>(jobs_.size()));
  tell(std::to_string(corpus_.size()) + " documents, " + std::to_string(corpus_.sentences()) +
       " sentences, " + std::to_string(count_duplicates(corpus_)) + " duplicates; " +
       std::to_string(jobs_.size()) + " runs of " + std::to_string(spec_.compare.entries.size()) +
       " entries, " + std::to_string(threads) + " at once");
  ops::run_jobs(settings_.size(), threads, [&](std::size_t i) { prepare(settings_[i]); });
  tell("vectors are there");
  std::vector<std::vector<EntryResult>> results(jobs_.size());
  ops::run_jobs(jobs_.size(), threads, [&](std::size_t i) { results[i] = run_job(jobs_[i]); });
  const auto& first = settings_[0];
  return study_json(
      {spec_, corpus_, first.parts.train.size(), first.parts.valid.size(), first.parts.test.size(),
       first.encoder ? first.encoder->state().kind : "file", first.width, seconds_now() - start},
      results);
}

}  // namespace

Json run_study(const Spec& given, const std::function<void(const std::string&)>& say) {
  auto spec = given;
  spec.check();
  if (spec.threads == 0) spec.threads = run::cores();
  return Study(spec, say).run();
}

}  // namespace regard::docgraph
