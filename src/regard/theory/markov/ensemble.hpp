// Many walks of one prompt: who wins, how the losers decay, and how long a window lives until one
// token is left.
#pragma once

#include <functional>
#include <map>

#include "regard/base/spec.hpp"
#include "regard/run/recipe.hpp"
#include "regard/theory/markov/collapse.hpp"
#include "regard/theory/markov/walk.hpp"

namespace regard::markov {

/// The tables [chain] and [walk] of a recipe.
struct WalkSpec {
  std::string chain;  // CSV file; empty: a random chain
  bool rows = false;
  int64_t tokens = 3, chain_seed = 1;
  std::string prompt;  // empty: every token once, the first at the end
  double until = 1e5;
  int64_t runs = 100, seed = 1, per_decade = 8;
  Rules rules;

  run::Tables tables();
  Chain make_chain() const;
  std::vector<int32_t> make_prompt(const Chain& chain) const;
  /// InputError for what no walk can be made of, before any work; `threads` walks at once keep
  /// their past in memory.
  void check(const Kernel& kernel, int64_t threads) const;
};

/// Times at which counts are looked at: from the prompt's length to `until`, `per_decade` for each
/// factor of 10.
std::vector<int64_t> look_times(int64_t from, int64_t until, int64_t per_decade);

/// Sums over the runs with one winner; S times, n outcomes, (S, n) row-major.
struct WinnerSums {
  int64_t runs = 0;
  std::vector<double> mass, square;          // m and m^2
  std::vector<double> log_count;             // log N
  std::vector<double> slope, slope_squared;  // (n) d log N / d log t over the last two decades
};

/// All that is kept of the runs so far; the same on any number of threads.
struct Ensemble {
  std::vector<int64_t> times;
  int64_t outcomes = 0, done = 0;
  std::map<int64_t, WinnerSums> winners;  // by outcome
  int64_t fixed = 0;                      // runs of a window that ended in one token alone
  double fixation = 0, fixation_squared = 0;
  std::vector<double> paths;  // (runs kept, S, n) shares, of the first runs
  int64_t kept = 0;

  double mean(std::size_t time, int64_t outcome) const;
  double mean_error(std::size_t time, int64_t outcome) const;
};

inline constexpr int64_t kKeptPaths = 60;

/// Adds the runs done .. done + count - 1, on `threads` threads.
void add_runs(Ensemble& ensemble, const Kernel& kernel, const WalkSpec& spec, int64_t count,
              int64_t threads);
Ensemble start_ensemble(const Kernel& kernel, const WalkSpec& spec);

/// The chain on the tokens of the kernel alone, with its attention temperature: what its walks
/// follow.
Chain effective_chain(const Chain& chain, const Kernel& kernel);

/// The interval of a share at 95 %, by Wilson (1927).
struct Share {
  double centre, low, high;
};
Share wilson(int64_t hits, int64_t all);

}  // namespace regard::markov
