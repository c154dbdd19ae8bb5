#include "regard/battery/models/study.hpp"

#include <chrono>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/models/examples.hpp"
#include "regard/battery/models/study_report.hpp"
#include "regard/battery/spikes.hpp"
#include "regard/ops/jobs.hpp"

namespace regard::battery {
namespace {

struct Set {
  const char* name;
  Split split;
  const char* without;
};
// b2c1 (life 148) is usually left out of the primary score; both are given.
constexpr std::array<Set, 4> kSets = {{{"train", Split::kTrain, ""},
                                       {"primary", Split::kPrimary, "b2c1"},
                                       {"primary_all", Split::kPrimary, ""},
                                       {"secondary", Split::kSecondary, ""}}};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void add_scores(const Scores& s, Json& to) {
  to["rmse"].push_back(s.rmse);
  to["mape"].push_back(s.mape);
  to["curve_error"].push_back(s.curve_error);
  to["undefined"].push_back(s.undefined);
  for (std::size_t t = 0; t < kCrossings.size(); ++t)
    to["crossing_" + std::to_string(static_cast<int>(std::lround(100 * kCrossings[t])))].push_back(
        s.crossing[t]);
}

}  // namespace

CellSet StudyData::at(Split split, int64_t n) const {
  if (!examples_.contains(n)) examples_[n] = severson_examples(severson, folder, n);
  CellSet set;
  for (const auto row : severson.rows(split)) {
    set.examples.push_back(examples_[n][row]);
    set.cells.push_back(severson.cells[row]);
    if (split == Split::kSecondary || severson.cells[row].cycles() == 0) continue;
    set.curves.push_back(severson.cells[row]);
    drop_spikes(set.curves.back());
  }
  if (split == Split::kSecondary) set.curves = severson.estimated_curves;
  return set;
}

Json study_entry(const Entry& entry, const StudySpec& spec, const StudyData& data) {
  const int64_t n = spec.cycles.back();
  const auto start = std::chrono::steady_clock::now();
  const auto train = data.at(Split::kTrain, n);
  std::vector<uint64_t> seeds;
  for (const auto seed : spec.seeds) seeds.push_back(static_cast<uint64_t>(seed));
  if (!entry.make()->random()) seeds.resize(1);
  std::vector<std::unique_ptr<LifeModel>> models(seeds.size());
  ops::run_jobs(seeds.size(), spec.threads, [&](std::size_t i) {
    models[i] = entry.make();
    models[i]->fit(train.examples, seeds[i]);
  });
  const double seconds = seconds_since(start);
  Json row = {{"name", entry.name}, {"label", entry.label}, {"seeds", seeds}};
  for (const auto& [name, split, without] : kSets) {
    const auto set = data.at(split, n);
    for (const auto& model : models)
      add_scores(score(set.examples, model->predict(set.examples), set.curves, without),
                 row["sets"][name]);
  }
  const auto held = hold_out(train.examples, train.cells, even_folds(train.examples, spec.folds, 1),
                             entry.make, seeds[0], spec.threads);
  Examples examples;
  std::vector<Estimate> estimates;
  for (const auto& h : held) {
    examples.push_back(h.example);
    estimates.push_back(h.estimate);
  }
  add_scores(score(examples, estimates, train.curves), row["sets"]["held_out"]);
  row["seconds"] = seconds;
  return row;
}

Horizon train_horizon(const StudySpec& spec, const StudyData& data, int64_t n) {
  const auto train = data.at(Split::kTrain, n);
  const auto make = [&spec] { return std::make_unique<AttentionLife>(spec.model); };
  const auto seed = static_cast<uint64_t>(spec.seeds.at(0));
  auto held = hold_out(train.examples, train.cells, even_folds(train.examples, spec.folds, 1), make,
                       seed, spec.threads);
  const auto batches =
      hold_out(train.examples, train.cells, batch_folds(train.examples), make, seed, spec.threads);
  held.insert(held.end(), batches.begin(), batches.end());
  for (auto& h : held) drop_spikes(h.cell);
  Horizon horizon;
  horizon.n = n;
  horizon.model = std::make_shared<AttentionLife>(spec.model);
  horizon.model->fit(train.examples, seed);
  horizon.calibration = Calibration(held);
  std::vector<std::vector<double>> summaries;
  for (const auto& example : train.examples) summaries.push_back(example.summary);
  horizon.near = Neighbourhood(std::move(summaries), spec.false_alarm);
  horizon.capacity = CapacityPrior(train.examples, train.cells, n, spec.false_alarm);
  return horizon;
}

namespace {

Json of_name(const Json& models, const std::string& name) {
  for (const auto& model : models) {
    if (model.at("name") == name) return model;
  }
  throw RunError("battery: no model \"" + name + "\" in the table");
}

/// Error against the number of early cycles: ours with up to three seeds beside two baselines.
Json study_cycles(const StudySpec& spec, const StudyData& data, const Json& models,
                  const Progress& progress) {
  auto few = spec;
  few.seeds.resize(std::min<std::size_t>(few.seeds.size(), 3));
  const auto entries = study_entries(few);
  Json rows = Json::array();
  for (const auto n : spec.cycles) {
    progress("error against cycles: " + std::to_string(n));
    few.cycles = {n};
    for (const auto& entry : entries) {
      if (entry.name != "ours" && entry.name != "variance" && entry.name != "pls6") continue;
      auto row =
          n == spec.cycles.back() ? of_name(models, entry.name) : study_entry(entry, few, data);
      row["n"] = n;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// The routes of short_entries from spec.compare_at cycles.
Json study_short(const StudySpec& spec, const StudyData& data, const Progress& progress) {
  auto few = spec;
  few.seeds.resize(std::min<std::size_t>(few.seeds.size(), 3));
  few.cycles = {spec.compare_at};
  Json rows = Json::array();
  for (const auto& entry : short_entries(few)) {
    progress("from " + std::to_string(spec.compare_at) + " cycles: " + entry.label);
    rows.push_back(study_entry(entry, few, data));
    rows.back()["n"] = spec.compare_at;
  }
  return rows;
}

}  // namespace

Json run_study(const StudySpec& spec, const Progress& progress) {
  spec.check();
  const auto start = std::chrono::steady_clock::now();
  StudyData data;
  data.folder = spec.folder;
  data.severson = read_severson(spec.folder);
  make_directory(spec.out);
  Json results = {{"title", spec.title}, {"n", spec.cycles.back()}, {"models", Json::array()}};
  const auto entries = study_entries(spec);
  for (const auto& entry : entries) {
    progress(entry.label);
    results["models"].push_back(study_entry(entry, spec, data));
  }
  results["cycles"] = study_cycles(spec, data, results["models"], progress);
  results["short"] = spec.compare_at > 0 ? study_short(spec, data, progress) : Json::array();
  Forecaster forecaster(spec.model, spec.level);
  Horizon last;
  const auto ours_start = std::chrono::steady_clock::now();
  for (const auto n : spec.cycles) {
    progress("bands: " + std::to_string(n) + " cycles");
    last = train_horizon(spec, data, n);
    forecaster.add(last);
  }
  results["calibration_seconds"] = seconds_since(ours_start);
  progress("coverage");
  results["bands"] = study_bands(spec, data, last);
  if (!spec.other.empty()) {
    progress("other chemistries");
    results["other"] = study_other(spec, data);
  }
  // Every model of the table, ours and two baselines again for each shorter record, and the routes
  // to one of them.
  results["looked_at"] = entries.size() + 3 * (spec.cycles.size() - 1) + results["short"].size();
  results["looked_before"] = spec.looked_before;
  results["parameters"] = last.model->parameters();
  results["seconds"] = seconds_since(start);
  forecaster.save(spec.out);
  const std::filesystem::path out = spec.out;
  write_atomically(out / "recipe.toml", run::to_toml(StudySpec(spec).tables()));
  write_atomically(out / "results.json", results.dump(1) + "\n");
  write_study_report(results, out / "report.html");
  return results;
}

}  // namespace regard::battery
