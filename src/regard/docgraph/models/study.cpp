#include "regard/docgraph/models/study.hpp"

#include <ATen/Parallel.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/baselines/bag_of_words.hpp"
#include "regard/docgraph/streams.hpp"
#include "regard/docgraph/vector_file.hpp"
#include "regard/metrics/f1.hpp"
#include "regard/report/statistics.hpp"
#include "regard/run/machine.hpp"

namespace regard::docgraph {
using torch::Tensor;

Disturbed with_foreign(const Corpus& corpus, const std::vector<int64_t>& rows, double share,
                       uint64_t seed) {
  Disturbed made;
  made.corpus.classes = corpus.classes;
  for (const auto row : rows) {
    auto document = corpus.documents[static_cast<std::size_t>(row)];
    Random random(seed, kForeignStream, static_cast<uint64_t>(row));
    const auto n = document.sentences.size();
    std::vector<bool> foreign(n, false);
    const auto count = std::lround(share * static_cast<double>(n));
    for (int64_t i = 0; i < count && rows.size() > 1; ++i) {
      auto other = rows[random.below(rows.size())];
      while (other == row) other = rows[random.below(rows.size())];
      const auto& from = corpus.documents[static_cast<std::size_t>(other)].sentences;
      const auto place = static_cast<std::ptrdiff_t>(random.below(document.sentences.size() + 1));
      document.sentences.insert(document.sentences.begin() + place,
                                from[random.below(from.size())]);
      foreign.insert(foreign.begin() + place, true);
      for (auto& [a, b] : document.planted) {
        if (a >= place) ++a;
        if (b >= place) ++b;
      }
    }
    made.corpus.documents.push_back(std::move(document));
    made.corpus.groups.push_back(static_cast<int64_t>(made.foreign.size()));
    made.foreign.push_back(std::move(foreign));
  }
  return made;
}

namespace {

/// The share of the strongest links at `node` that lead to `other`.
double strongest_leads(const SentenceGraph& graph, int64_t node, int64_t other) {
  double best = -1, count = 0, hit = 0;
  for (const auto& link : graph.links) {
    if (link.a != node && link.b != node) continue;
    if (link.weight > best) {
      best = link.weight;
      count = hit = 0;
    }
    if (link.weight < best) continue;
    count += 1;
    hit += (link.a == other || link.b == other) ? 1 : 0;
  }
  return count > 0 ? hit / count : 0;
}

}  // namespace

double planted_recall(const Corpus& corpus, const std::vector<SentenceGraph>& graphs,
                      const std::vector<int64_t>& rows) {
  double sum = 0, pairs = 0;
  for (const auto row : rows) {
    const auto& graph = graphs[static_cast<std::size_t>(row)];
    std::map<int64_t, int64_t> node;
    for (int64_t i = 0; i < graph.size(); ++i) node[graph.nodes[static_cast<std::size_t>(i)]] = i;
    for (const auto& [a, b] : corpus.documents[static_cast<std::size_t>(row)].planted) {
      sum += std::max(strongest_leads(graph, node[a], node[b]),
                      strongest_leads(graph, node[b], node[a]));
      pairs += 1;
    }
  }
  return pairs > 0 ? sum / pairs : -1;
}

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
  Json to_json(const std::vector<std::vector<EntryResult>>& results, double seconds) const;
  Json entry_json(std::size_t entry, const std::vector<std::vector<EntryResult>>& results) const;
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

/// The share of edges that touch no foreign sentence.
double clean_share(const std::vector<SentenceGraph>& graphs,
                   const std::vector<std::vector<bool>>& foreign) {
  double clean = 0, all = 0;
  for (std::size_t d = 0; d < graphs.size(); ++d) {
    const auto is_foreign = [&](int64_t node) {
      return foreign[d][static_cast<std::size_t>(graphs[d].nodes[static_cast<std::size_t>(node)])];
    };
    for (const auto& link : graphs[d].links) {
      all += 1;
      clean += is_foreign(link.a) || is_foreign(link.b) ? 0 : 1;
    }
  }
  return all > 0 ? clean / all : 1;
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

/// Runs body(0) .. body(count - 1), `threads` at a time, one thread of PyTorch each.
void in_parallel(std::size_t count, int64_t threads, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex guard;
  const auto work = [&] {
    at::set_num_threads(1);  // the setting belongs to the thread
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(guard);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> workers;
  for (int64_t t = 0; t < threads; ++t) workers.emplace_back(work);
  for (auto& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
}

Json interval_json(const std::vector<double>& values) {
  const auto interval = report::mean_interval(values);
  Json json = {{"mean", interval.centre}};
  json["half"] = interval.known() ? Json(interval.half) : Json(nullptr);
  json["values"] = values;
  return json;
}

Json Study::entry_json(std::size_t entry,
                       const std::vector<std::vector<EntryResult>>& results) const {
  std::vector<double> accuracy, f1, edges, seconds, recall;
  std::map<double, std::vector<double>> foreign, clean;
  for (const auto& job : results) {
    const auto& r = job[entry];
    accuracy.push_back(r.test.accuracy);
    f1.push_back(r.test.f1);
    edges.push_back(r.edges);
    seconds.push_back(r.seconds);
    if (r.recall >= 0) recall.push_back(r.recall);
    for (const auto& [share, s] : r.foreign) foreign[share].push_back(s.accuracy);
    for (const auto& [share, c] : r.clean) clean[share].push_back(c);
  }
  Json json = {{"entry", spec_.compare.entries[entry]},
               {"accuracy", interval_json(accuracy)},
               {"f1", interval_json(f1)}};
  if (is_graph_entry(spec_.compare.entries[entry])) json["edges"] = report::mean(edges);
  json["seconds"] = report::mean(seconds);
  if (!recall.empty()) json["recall"] = interval_json(recall);
  for (const auto& [share, values] : foreign) {
    Json row = {{"share", share}, {"accuracy", interval_json(values)}};
    if (clean.contains(share)) row["clean_edges"] = report::mean(clean[share]);
    json["foreign"].push_back(row);
  }
  return json;
}

/// The answers of all seeds, averaged for each document that was in a test.
std::map<int64_t, double> by_document(std::size_t entry,
                                      const std::vector<std::vector<EntryResult>>& results) {
  std::map<int64_t, std::pair<double, double>> sums;
  for (const auto& job : results) {
    for (const auto& [document, right] : job[entry].right) {
      sums[document].first += right ? 1 : 0;
      sums[document].second += 1;
    }
  }
  std::map<int64_t, double> means;
  for (const auto& [document, sum] : sums) means[document] = sum.first / sum.second;
  return means;
}

Json Study::to_json(const std::vector<std::vector<EntryResult>>& results, double seconds) const {
  Json json = {{"title", spec_.title},
               {"documents", corpus_.size()},
               {"sentences", corpus_.sentences()},
               {"duplicates", count_duplicates(corpus_)},
               {"classes", corpus_.classes},
               {"seeds", spec_.seeds},
               {"folds", spec_.data.folds},
               {"train", settings_[0].parts.train.size()},
               {"valid", settings_[0].parts.valid.size()},
               {"test", settings_[0].parts.test.size()},
               {"vectors", settings_[0].encoder ? settings_[0].encoder->state().kind : "file"},
               {"width", settings_[0].width},
               {"seconds", seconds},
               {"threads", spec_.threads}};
  const auto count = spec_.compare.entries.size();
  for (std::size_t e = 0; e < count; ++e) json["entries"].push_back(entry_json(e, results));
  const auto ours = by_document(count - 1, results);
  for (std::size_t e = 0; e + 1 < count; ++e) {
    const auto theirs = by_document(e, results);
    std::vector<double> differences;
    for (const auto& [document, right] : ours) differences.push_back(right - theirs.at(document));
    const auto d = report::bootstrap(differences);
    json["differences"].push_back({{"entry", spec_.compare.entries[count - 1]},
                                   {"against", spec_.compare.entries[e]},
                                   {"documents", differences.size()},
                                   {"mean", d.centre},
                                   {"low", d.low},
                                   {"high", d.high}});
  }
  for (const auto& [name, value] : run::machine_facts()) json["machine"][name] = value;
  return json;
}

Json Study::run() {
  const double start = seconds_now();
  const auto threads = std::min<int64_t>(spec_.threads, static_cast<int64_t>(jobs_.size()));
  tell(std::to_string(corpus_.size()) + " documents, " + std::to_string(corpus_.sentences()) +
       " sentences, " + std::to_string(count_duplicates(corpus_)) + " duplicates; " +
       std::to_string(jobs_.size()) + " runs of " + std::to_string(spec_.compare.entries.size()) +
       " entries, " + std::to_string(threads) + " at once");
  in_parallel(settings_.size(), threads, [&](std::size_t i) { prepare(settings_[i]); });
  tell("vectors are there");
  std::vector<std::vector<EntryResult>> results(jobs_.size());
  in_parallel(jobs_.size(), threads, [&](std::size_t i) { results[i] = run_job(jobs_[i]); });
  return to_json(results, seconds_now() - start);
}

}  // namespace

Json run_study(const Spec& given, const std::function<void(const std::string&)>& say) {
  auto spec = given;
  spec.check();
  if (spec.threads == 0) spec.threads = run::cores();
  return Study(spec, say).run();
}

}  // namespace regard::docgraph
