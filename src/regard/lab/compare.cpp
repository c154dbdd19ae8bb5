#include "regard/lab/compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/lab/begin_from.hpp"
#include "regard/lab/comparison_jobs.hpp"
#include "regard/lab/generate.hpp"
#include "regard/lab/machine.hpp"
#include "regard/lab/nodes.hpp"
#include "regard/lab/run_report.hpp"
#include "regard/lab/session.hpp"
#include "regard/lab/small_text.hpp"
#include "regard/lab/train_run.hpp"
#include "regard/lab/translation.hpp"
#include "regard/lab/words_baseline.hpp"
#include "regard/report/page.hpp"
#include "regard/report/summary.hpp"
#include "regard/report/table.hpp"
#include "regard/run/folder.hpp"
#include "regard/run/machine.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

namespace {

// Phrases of all layers that mean the same in a causal call share this text.
std::string meaning_of(const std::vector<attention::Phrase>& phrases) {
  std::vector<std::string> meanings;
  for (const auto& phrase : phrases) meanings.push_back(phrase.causal_meaning);
  return meanings.size() == 1 ? meanings[0] : "[" + join(meanings, ", ") + "]";
}

/// The canonical texts of what is compared.
std::vector<std::string> distinct_phrases(const Recipe& recipe, bool causal) {
  if (recipe.compare.attention.empty()) {
    throw InputError(
        "compare: phrases were expected; give --attention softmax,hrr,... or `attention` in the "
        "table [compare]");
  }
  std::vector<std::string> phrases;
  std::map<std::string, std::string> meanings;
  for (const auto& text : recipe.compare.attention) {
    const auto layers = parse_attention(text);
    for (const auto& phrase : layers) attention::check_meaning(phrase, causal);
    const auto meaning = causal ? meaning_of(layers) : canonical_attention(text);
    if (const auto [at, fresh] = meanings.emplace(meaning, text); !fresh) {
      throw InputError("compare: \"" + at->second + "\" and \"" + text + "\" mean the same" +
                       (causal ? " in a language model" : "") + " (" + meaning +
                       "); keep one of them");
    }
    phrases.push_back(canonical_attention(text));
  }
  return phrases;
}

// The width of the feed-forward with which a phrase has the parameters of the first one, as near as
// it goes.
int64_t matching_mlp(Recipe recipe, const data::Encoding& encoding, const std::string& phrase,
                     int64_t target) {
  recipe.set_attention(phrase);
  const auto count = [&](int64_t mlp) {
    recipe.model.trunk.mlp = mlp;
    return count_parameters(*make_model(recipe, encoding));
  };
  const int64_t one = count(1), slope = count(2) - one;
  const auto mlp = 1 + std::llround(static_cast<double>(target - one) / static_cast<double>(slope));
  if (mlp < 1)
    throw InputError(
        "compare: " + phrase +
        " has more parameters than the first phrase even with the narrowest feed-forward");
  return mlp;
}

std::vector<int64_t> seeds_of(const Recipe& recipe) {
  return recipe.compare.seeds.empty() ? std::vector<int64_t>{1, 2, 3} : recipe.compare.seeds;
}

void check_runs(const CompareSpec& spec) {
  if (spec.jobs < 0)
    throw InputError("compare: jobs of at least 0 was expected, and " + std::to_string(spec.jobs) +
                     " came");
  auto seeds = spec.seeds;
  std::sort(seeds.begin(), seeds.end());
  const auto twice = std::adjacent_find(seeds.begin(), seeds.end());
  if (twice != seeds.end())
    throw InputError("compare: different seeds were expected, and " + std::to_string(*twice) +
                     " came twice");
}

std::string budget_text(const Recipe& recipe) {
  if (recipe.compare.budget == "seconds")
    return shortest(recipe.train.seconds) + " seconds of training each";
  std::string steps = recipe.train.epochs > 0 ? shortest(recipe.train.epochs) + " epochs each"
                                              : std::to_string(recipe.train.steps) + " steps each";
  if (recipe.compare.budget == "parameters") steps += ", at equal parameters";
  return steps;
}

// The recipe without what may grow or change between calls: phrases and seeds, and how the runs are
// watched.
std::string settled(Recipe recipe) {
  // The first phrase decides how wide the others are at equal parameters.
  auto& phrases = recipe.compare.attention;
  phrases.resize(recipe.compare.budget == "parameters" ? std::min<std::size_t>(1, phrases.size())
                                                       : 0);
  recipe.compare.seeds.clear();
  recipe.compare.jobs = 0;
  recipe.run.title.clear();
  recipe.run.needs.clear();
  recipe.run.baseline = RunSpec().baseline;
  recipe.write_warmup();
  return recipe.to_toml();
}

// A comparison of which no run came to a checkpoint: there is nothing that another could spoil.
bool has_checkpoint(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") return true;
  }
  return false;
}

// Finished runs count for a comparison of more phrases or seeds, and for no other recipe.
void guard_folder(const Recipe& recipe, const fs::path& folder) {
  const auto path = folder / "recipe.toml";
  if (fs::exists(path)) {
    if (has_checkpoint(folder) && settled(load_recipe(path)) != settled(recipe)) {
      throw InputError(
          folder.string() +
          ": holds a comparison by another recipe; choose another --out, or remove the folder");
    }
  } else if (fs::exists(folder) && !fs::is_empty(folder)) {
    throw InputError(folder.string() +
                     ": this folder is not empty and holds no comparison; choose another --out");
  }
}

}  // namespace

namespace {

fs::path folder_of(const fs::path& folder, const report::Run& run) {
  return folder / run.phrase / ("seed" + std::to_string(run.seed));
}

// The bag of words as a row, and each phrase against it.
void add_words(report::Comparison& comparison, const fs::path& folder, bool wanted) {
  const auto words = wanted ? read_words(folder) : std::nullopt;
  if (!words) return;
  std::vector<PhraseFolders> finished;
  for (const auto& phrase : report::phrases(comparison)) {
    finished.push_back({phrase, {}});
    for (const auto& run : comparison.runs) {
      if (run.phrase == phrase && run.finished)
        finished.back().folders.push_back(folder_of(folder, run));
    }
  }
  comparison.against_words = against_words(*words, finished);
  report::add_line(comparison, words_run(*words));
}

}  // namespace

report::Comparison read_comparison(const fs::path& folder) {
  const auto recipe = load_recipe(folder / "recipe.toml");
  report::Comparison comparison;
  comparison.title =
      readable(recipe.run.title.empty() ? folder.filename().string() : recipe.run.title);
  for (const auto& text : recipe.compare.attention) {
    const auto phrase = canonical_attention(text);
    for (const auto seed : seeds_of(recipe)) {
      const auto run_folder = folder / phrase / ("seed" + std::to_string(seed));
      comparison.runs.push_back(report_run(run_folder, phrase, seed));
      if (!is_finished(run_folder)) continue;
      const auto r = read_result(run_folder);
      comparison.task = r.task;
      comparison.measure = data::find_task(r.task).metrics().front();
      comparison.unit = r.unit;
      if (comparison.environment.empty()) comparison.environment = r.environment;
    }
  }
  add_words(comparison, folder, recipe.run.baseline != "off");
  comparison.budget = budget_text(recipe);
  comparison.recipe_toml = recipe.to_toml();
  if (comparison.environment.empty())
    comparison.environment = environment(choose_device(recipe.run.device));
  return comparison;
}

namespace {

// Maps of the first finished run of each phrase, and text by the best.
void add_pictures(report::Comparison& comparison, const fs::path& folder) {
  std::map<std::string, bool> seen;
  const report::Run* best = nullptr;
  for (const auto& run : comparison.runs) {
    if (!run.finished || run.any_seed) continue;
    if (best == nullptr || run.loss < best->loss) best = &run;
    if (std::exchange(seen[run.phrase], true)) continue;
    for (auto& map : attention_maps(folder_of(folder, run)))
      comparison.maps.push_back(std::move(map));
  }
  if (best != nullptr && comparison.task == "translation") {
    comparison.samples = read_samples(folder_of(folder, *best));
  }
  if (best != nullptr && comparison.task == "language_model") {
    const auto trained = open_run(folder_of(folder, *best), "cpu");
    if (!can_generate(trained.recipe.phrases())) return;
    comparison.samples =
        generate(trained, {.prompt = "\n", .length = 400, .temperature = 0.8, .seed = 1}).text;
  }
}

}  // namespace

void write_report(const fs::path& folder) {
  const auto path = folder / "recipe.toml";
  if (!fs::exists(path))
    throw InputError(folder.string() + ": a run folder or a comparison was expected");
  if (is_finished(folder)) {
    write_run_report(folder);
    return;
  }
  if (load_recipe(path).compare.attention.empty())
    throw InputError(folder.string() + ": this run is not finished");
  auto comparison = read_comparison(folder);
  add_pictures(comparison, folder);
  report::write_page(comparison, folder / "report.html");
}

namespace {

// The run that the first phrase begins from; its sizes become those of all.
std::optional<BeginFrom> begin_all(Recipe& recipe) {
  if (recipe.model.from.empty() || recipe.compare.attention.empty()) return std::nullopt;
  Recipe first = recipe;
  first.set_attention(recipe.compare.attention.front());
  auto from = BeginFrom::open(first);
  recipe.model = first.model;
  return from;
}

}  // namespace

report::Comparison compare(const Recipe& given, const fs::path& folder) {
  Recipe recipe = given;
  recipe.run.out = folder.string();
  train::check(recipe.train);
  check(recipe.load);
  require_data(recipe, "compare");
  if (!recipe.attention.layers.empty())
    throw InputError("compare: [attention] layers and [compare] attention do not go together");
  if (recipe.compare.budget == "seconds" && recipe.train.seconds <= 0) {
    throw InputError("compare: a budget of seconds needs train.seconds above 0");
  }
  if (recipe.compare.budget != "seconds") recipe.train.seconds = 0;
  recipe.compare.seeds = seeds_of(recipe);
  check_runs(recipe.compare);
  const auto device = choose_device(recipe.run.device);
  // Everything that can be wrong is told before a run starts.
  const auto from = begin_all(recipe);
  const auto prepared = data::prepare(recipe.data, torch::kCPU, begun_of(from));
  fit_to_size(recipe, prepared.encoding, *prepared.train);
  fit_to_nodes(recipe, prepared.encoding);
  fit_to_translation(recipe, prepared.encoding);
  const bool causal = models::is_causal(model_kind(recipe, prepared.encoding));
  const auto phrases = distinct_phrases(recipe, causal);
  for (const auto& phrase : phrases) {
    Recipe one = recipe;
    one.set_attention(phrase);
    if (must_not_drop(recipe, phrase)) one.model.trunk.attention_dropout = 0;
    const auto model = make_model(one, prepared.encoding);
    if (const auto own = BeginFrom::open(one)) own->give(*model);
  }
  std::map<std::string, int64_t> widths;  // of the feed-forward; 0: as the recipe says
  if (recipe.compare.budget == "parameters") {
    Recipe first = recipe;
    first.set_attention(phrases.front());
    const auto target = count_parameters(*make_model(first, prepared.encoding));
    for (const auto& phrase : phrases) {
      widths[phrase] = matching_mlp(recipe, prepared.encoding, phrase, target);
    }
  }
  std::vector<Job> jobs;
  for (const auto seed : recipe.compare.seeds) {
    for (const auto& phrase : phrases) {
      jobs.push_back({phrase, seed, widths[phrase],
                      folder / phrase / ("seed" + std::to_string(seed)),
                      must_not_drop(recipe, phrase)});
    }
  }
  int64_t parallel = recipe.compare.jobs, threads = recipe.run.threads;
  if (parallel == 0)
    parallel = device.is_cpu() && recipe.compare.budget != "seconds" ? run::cores() : 1;
  if (threads == 0) threads = std::max<int64_t>(1, run::cores() / parallel);
  const auto stream = prepared.train->train({.size = {recipe.load.batch, recipe.load.batch_tokens},
                                             .seed = 0,
                                             .last = data::Last::kKeep,
                                             .threads = 0});
  const auto steps =
      recipe.train.seconds > 0 ? 0 : train::total_steps(recipe.train, stream->steps_per_epoch());
  guard_folder(recipe, folder);
  const run::Folder owned(folder, run::Folder::Open::kResume);
  write_atomically(folder / "recipe.toml", recipe.to_toml());
  for (const auto& sentence : prepared.sentences) std::fprintf(stderr, "%s\n", sentence.c_str());
  if (wants_words(recipe, prepared.encoding)) {
    if (const auto words = fit_words(recipe, folder))
      std::fprintf(stderr, "%s\n", words_line(*words).c_str());
  }
  run_jobs(recipe, folder, jobs, {.parallel = parallel, .threads = threads, .steps = steps});

  auto comparison = read_comparison(folder);
  add_pictures(comparison, folder);
  report::write_page(comparison, folder / "report.html");
  write_atomically(folder / "comparison.json", report::to_json(report::summary(comparison)) + "\n");
  return comparison;
}

}  // namespace regard::lab
