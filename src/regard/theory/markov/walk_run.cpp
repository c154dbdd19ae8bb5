// An ensemble in a folder.
#include <algorithm>
#include <cmath>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/run/checkpoint.hpp"
#include "regard/run/progress.hpp"
#include "regard/run/signals.hpp"
#include "regard/theory/markov/walk_report.hpp"

namespace regard::markov {
namespace {

constexpr int64_t kStarts = 1000;       // of the averaged equation
constexpr int64_t kMostAveraged = 100;  // tokens up to which it is solved
constexpr double kBlockSeconds = 0.1;   // of runs between two looks at signals
constexpr double kSaveSeconds = 0.25;

/// FNV-1a of the chain, so that a changed file is noticed.
std::string digest(const Chain& chain) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const double value : chain.p) {
    for (const char c : shortest(value) + ",")
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return std::to_string(hash);
}

run::Identity identity(WalkSpec spec, const Chain& chain) {
  return {run::to_toml(spec.tables()) + "# chain " + digest(chain) + "\n", spec.seed, {}};
}

void save(const std::filesystem::path& path, const Ensemble& e, const run::Identity& who) {
  run::Arrays arrays;
  const auto put = [&](const std::string& name, const std::vector<double>& values) {
    arrays[name] = run::array(values, {static_cast<int64_t>(values.size())});
  };
  run::State winners = run::State::object();
  for (const auto& [winner, sums] : e.winners) {
    const auto name = "winner" + std::to_string(winner) + ".";
    put(name + "mass", sums.mass);
    put(name + "square", sums.square);
    put(name + "log_count", sums.log_count);
    put(name + "slope", sums.slope);
    put(name + "slope_squared", sums.slope_squared);
    winners[std::to_string(winner)] = sums.runs;
  }
  put("paths", e.paths);
  put("fixation", {e.fixation, e.fixation_squared});
  run::save_checkpoint(
      path, arrays, {{"done", e.done}, {"kept", e.kept}, {"fixed", e.fixed}, {"winners", winners}},
      who);
}

void restore(const std::filesystem::path& path, Ensemble& e, const run::Identity& who) {
  const auto saved = run::load_checkpoint(path, who);
  const auto n = e.outcomes, all = n * static_cast<int64_t>(e.times.size());
  const auto take = [&](const std::string& name, int64_t size) {
    return run::values_of<double>(saved.arrays, name, {size});
  };
  e.done = saved.state.at("done").get<int64_t>();
  e.kept = saved.state.at("kept").get<int64_t>();
  e.fixed = saved.state.at("fixed").get<int64_t>();
  for (const auto& [winner, runs] : saved.state.at("winners").items()) {
    const auto name = "winner" + winner + ".";
    e.winners[std::stoll(winner)] = {runs.get<int64_t>(),        take(name + "mass", all),
                                     take(name + "square", all), take(name + "log_count", all),
                                     take(name + "slope", n),    take(name + "slope_squared", n)};
  }
  e.paths = take("paths", e.kept * all);
  const auto fixation = take("fixation", 2);
  e.fixation = fixation[0];
  e.fixation_squared = fixation[1];
}

/// All runs in blocks; `between` is called after each block.
template <class Between>
void run_blocks(Ensemble& e, const Kernel& kernel, const WalkSpec& spec, int64_t threads,
                Between&& between) {
  int64_t block = threads;
  const double begun = static_cast<double>(e.done) / static_cast<double>(spec.runs);
  run::Progress progress("chain walk", begun);
  const run::SignalScope signals;
  while (e.done < spec.runs) {
    const double before = seconds_now();
    add_runs(e, kernel, spec, std::min(block, spec.runs - e.done), threads);
    const double seconds = std::max(1e-6, seconds_now() - before);
    block = std::clamp<int64_t>(
        static_cast<int64_t>(static_cast<double>(block) * kBlockSeconds / seconds), threads, 1024);
    progress.show(static_cast<double>(e.done) / static_cast<double>(spec.runs),
                  "run " + std::to_string(e.done) + "/" + std::to_string(spec.runs));
    between(run::SignalScope::caught());
  }
}

}  // namespace

WalkResult walk_in(const run::Folder* folder, const WalkSpec& spec, int64_t threads,
                   const Environment& environment) {
  const auto chain = spec.make_chain();
  const auto prompt = spec.make_prompt(chain);
  const Kernel kernel(chain, prompt, spec.rules);
  spec.check(kernel, threads);
  WalkResult result{
      spec, effective_chain(chain, kernel), prompt, kernel.sampler(), start_ensemble(kernel, spec),
      {}};
  auto& e = result.ensemble;
  const auto who = identity(spec, chain);
  if (folder != nullptr && folder->resumes() && std::filesystem::exists(folder->last()))
    restore(folder->last(), e, who);
  auto copy = spec;
  if (folder != nullptr)
    write_atomically(folder->path() / "recipe.toml", run::to_toml(copy.tables()));
  double saved = seconds_now();
  run_blocks(e, kernel, spec, threads, [&](int signal) {
    if (folder != nullptr && (signal != 0 || seconds_now() > saved + kSaveSeconds)) {
      save(folder->last(), e, who);
      saved = seconds_now();
    }
    if (signal != 0) throw Interrupted(signal);
  });
  if (kernel.rules().alpha() == 1 && kernel.rules().reach() == 0) {
    result.ends = result.chain.tokens <= kMostAveraged
                      ? stable_ends(result.chain, kStarts, static_cast<uint64_t>(spec.seed))
                      : single_winners(result.chain);
  }
  if (folder != nullptr) {
    save(folder->last(), e, who);
    write_atomically(folder->path() / "means.csv", means_csv(result));
    write_atomically(folder->path() / "result.json", to_json(result).dump() + "\n");
    report::write_document(page(result, environment), folder->path() / "report.html");
  }
  return result;
}

}  // namespace regard::markov
