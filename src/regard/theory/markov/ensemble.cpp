#include "regard/theory/markov/ensemble.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <thread>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::markov {
namespace {

struct Run {
  std::vector<double> mass;  // (S, n)
  std::vector<double> log_count;
  int64_t winner = 0;
  double fixation = 0;  // tokens drawn until one is alone; 0: never
};

/// Memory that programs may take now, by the kernel's own estimate.
double free_memory() {
  std::ifstream file("/proc/meminfo");
  for (std::string name; file >> name;) {
    double value = 0;
    if (name == "MemAvailable:" && file >> value) return 1024 * value;
    file.ignore(1 << 10, '\n');
  }
  return 1e12;
}

void look(const Walk& walk, std::size_t at, Run& run) {
  const auto& counts = walk.counts();
  double total = 0;
  for (const auto count : counts) total += static_cast<double>(count);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto count = static_cast<double>(counts[i]);
    run.mass[at * counts.size() + i] = count / total;
    run.log_count[at * counts.size() + i] = std::log(std::max(count, 0.5));
  }
}

bool alone(const Walk& walk) {
  const auto& counts = walk.counts();
  return std::count_if(counts.begin(), counts.end(), [](int64_t n) { return n > 0; }) == 1;
}

Run run_one(const Kernel& kernel, const WalkSpec& spec, const std::vector<int64_t>& times,
            int64_t number) {
  auto walk = make_walk(kernel, static_cast<uint64_t>(spec.seed), static_cast<uint64_t>(number),
                        times.back());
  const auto size = times.size() * walk->counts().size();
  Run run{std::vector<double>(size), std::vector<double>(size), 0, 0};
  const auto window = kernel.rules().reach();
  const int64_t stride = std::max<int64_t>(1, window / 32);
  for (std::size_t s = 0; s < times.size(); ++s) {
    if (window > 0) {
      // A token that has left the window cannot come back: one that is alone stays so.
      while (run.fixation == 0 && walk->length() < times[s]) {
        walk->run_to(std::min(times[s], walk->length() + stride));
        if (alone(*walk)) run.fixation = static_cast<double>(walk->length() - times.front());
      }
    } else {
      walk->run_to(times[s]);
    }
    look(*walk, s, run);
  }
  const auto& counts = walk->counts();
  run.winner = std::max_element(counts.begin(), counts.end()) - counts.begin();
  return run;
}

/// d log N / d log t of one outcome over the last two decades, by least squares.
double slope_of(const std::vector<int64_t>& times, const std::vector<double>& log_count,
                std::size_t outcomes, std::size_t outcome) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (std::size_t s = 0; s < times.size(); ++s) {
    if (100 * times[s] < times.back()) continue;
    const double at = std::log(static_cast<double>(times[s])),
                 value = log_count[s * outcomes + outcome];
    n += 1;
    x += at;
    y += value;
    xx += at * at;
    xy += at * value;
  }
  const double spread = n * xx - x * x;
  return n > 1 && spread > 0 ? (n * xy - x * y) / spread : 0;
}

void fold(Ensemble& e, const Run& run) {
  const auto n = static_cast<std::size_t>(e.outcomes);
  auto& sums = e.winners[run.winner];
  if (sums.runs == 0) {
    sums.mass.assign(run.mass.size(), 0);
    sums.square = sums.log_count = sums.mass;
    sums.slope.assign(n, 0);
    sums.slope_squared = sums.slope;
  }
  ++sums.runs;
  for (std::size_t i = 0; i < run.mass.size(); ++i) {
    sums.mass[i] += run.mass[i];
    sums.square[i] += run.mass[i] * run.mass[i];
    sums.log_count[i] += run.log_count[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const double slope = slope_of(e.times, run.log_count, n, i);
    sums.slope[i] += slope;
    sums.slope_squared[i] += slope * slope;
  }
  if (run.fixation > 0) {
    ++e.fixed;
    e.fixation += run.fixation;
    e.fixation_squared += run.fixation * run.fixation;
  }
  constexpr std::size_t kMostKept = 1 << 20;
  if (e.kept < kKeptPaths && e.paths.size() + run.mass.size() < kMostKept) {
    e.paths.insert(e.paths.end(), run.mass.begin(), run.mass.end());
    ++e.kept;
  }
  ++e.done;
}

}  // namespace

run::Tables WalkSpec::tables() {
  return {{"chain",
           [this](Visitor& f) {
             f("file", chain, "a CSV file of K rows and K columns; empty: a random chain");
             f("rows", rows, "row k, not column k, is the law of the token after k");
             f("tokens", tokens, "of a random chain: columns from Dirichlet(1), at least .01");
             f("seed", chain_seed, "of a random chain");
           }},
          {"walk", [this](Visitor& f) {
             f("prompt", prompt, "tokens separated by blanks; empty: every token, the first last");
             f("until", until, "how many tokens stand there at the end, the prompt among them");
             f("runs", runs, "walks");
             f("seed", seed, "of the walks");
             f("looks", per_decade, "times in each decade at which counts are looked at");
             f("sampler", rules.sampler, "auto: the fastest that there is for the rules",
               kSamplers);
             f("window", rules.window, "tokens of the context; 0: all");
             f("by_distance", rules.positions.by_distance,
               "weights of the last token, the one before, ...; further back: 0");
             f("by_index", rules.positions.by_index,
               "weights of the first tokens of all; behind them: 1");
             f("attention_temperature", rules.attention_temperature, "divides W");
             f("temperature", rules.temperature, "divides the output's log-probabilities");
             f("penalty", rules.penalty, "times log N, taken off the output's log-probabilities");
           }}};
}

Chain WalkSpec::make_chain() const {
  if (!chain.empty()) return read_chain(chain, rows ? Form::kRows : Form::kColumns);
  return dirichlet_chain(tokens, static_cast<uint64_t>(chain_seed));
}

std::vector<int32_t> WalkSpec::make_prompt(const Chain& of) const {
  if (!prompt.empty()) return parse_prompt(prompt, of, "--prompt");
  std::vector<int32_t> all;
  for (int64_t i = of.tokens - 1; i >= 0; --i) all.push_back(static_cast<int32_t>(i));
  return all;
}

void WalkSpec::check(const Kernel& kernel, int64_t threads) const {
  constexpr double kMostTokens = 0x1.0p53;
  if (!(until >= 1 && until <= kMostTokens))
    throw InputError("walk: --until: 1 to 2^53 tokens are expected, and " + shortest(until) +
                     " came");
  if (until < static_cast<double>(kernel.prompt().size()))
    throw InputError("walk: --until: at least the prompt's " +
                     std::to_string(kernel.prompt().size()) + " tokens are expected, and " +
                     shortest(until) + " came");
  check_count("walk: --runs", runs, 1, 1 << 30);
  check_count("walk: --looks", per_decade, 1, 1000);
  const auto at_once = static_cast<double>(std::min(threads, runs));
  const double bytes = kernel.history_bytes(until) * at_once, there = free_memory();
  if (bytes > 0.9 * there)
    throw InputError(
        "walk: " + human_bytes(bytes) + " (" + std::to_string(static_cast<int64_t>(bytes)) +
        " bytes) for the tokens of " + std::to_string(std::min(threads, runs)) +
        " walks are more than the " + human_bytes(there) +
        " that are free; a smaller --until or --threads, or --sampler scan takes less");
}

std::vector<int64_t> look_times(int64_t from, int64_t until, int64_t per_decade) {
  std::vector<int64_t> times = {from};
  const double first = std::log10(static_cast<double>(from));
  for (int64_t i = 1;; ++i) {
    const double at = first + static_cast<double>(i) / static_cast<double>(per_decade);
    const auto time = static_cast<int64_t>(std::llround(std::pow(10, at)));
    if (at > 16 || time >= until) break;
    if (time > times.back()) times.push_back(time);
  }
  if (until > times.back()) times.push_back(until);
  return times;
}

double Ensemble::mean(std::size_t time, int64_t outcome) const {
  double sum = 0;
  const auto place = time * static_cast<std::size_t>(outcomes) + static_cast<std::size_t>(outcome);
  for (const auto& [winner, sums] : winners) sum += sums.mass[place];
  return sum / static_cast<double>(done);
}

double Ensemble::mean_error(std::size_t time, int64_t outcome) const {
  double square = 0;
  const auto place = time * static_cast<std::size_t>(outcomes) + static_cast<std::size_t>(outcome);
  for (const auto& [winner, sums] : winners) square += sums.square[place];
  const double n = static_cast<double>(done), m = mean(time, outcome);
  return std::sqrt(std::max(0.0, square / n - m * m) / n);
}

Ensemble start_ensemble(const Kernel& kernel, const WalkSpec& spec) {
  Ensemble e;
  e.times = look_times(static_cast<int64_t>(kernel.prompt().size()),
                       static_cast<int64_t>(spec.until), spec.per_decade);
  e.outcomes = kernel.support();
  return e;
}

void add_runs(Ensemble& ensemble, const Kernel& kernel, const WalkSpec& spec, int64_t count,
              int64_t threads) {
  std::vector<Run> made(static_cast<std::size_t>(count));
  std::atomic<int64_t> next = 0;
  const auto work = [&] {
    for (int64_t i; (i = next++) < count;)
      made[static_cast<std::size_t>(i)] = run_one(kernel, spec, ensemble.times, ensemble.done + i);
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < std::min(threads, count); ++t) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  for (const auto& run : made) fold(ensemble, run);
}

Chain effective_chain(const Chain& chain, const Kernel& kernel) {
  const auto& tokens = kernel.tokens();
  Chain out{kernel.support(), {}, {}};
  for (const auto k : tokens) {
    double total = 0;
    for (const auto i : tokens) total += chain.at(i, k);
    for (const auto i : tokens) out.p.push_back(chain.at(i, k) / total);
    out.labels.push_back(chain.label(k));
  }
  return tempered(out, kernel.rules().attention_temperature);
}

Share wilson(int64_t hits, int64_t all) {
  constexpr double z = 1.959963985;
  const double n = static_cast<double>(all), p = static_cast<double>(hits) / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n),
               half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

}  // namespace regard::markov
