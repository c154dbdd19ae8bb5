#include "regard/theory/markov/learn.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/run/progress.hpp"
#include "regard/theory/markov/derivatives.hpp"
#include "regard/theory/markov/law.hpp"

namespace regard::markov {
namespace {

struct One {
  double error = 0;
  bool finite = true;
  int64_t steps = 0;
};

/// The squared error of one set of prompts; ratios that are told alone.
One fit_once(const PromptSet& set, const std::vector<double>& truth, const FitSpec& spec) {
  One one;
  const auto k = static_cast<std::size_t>(set.tokens);
  for (std::size_t q = 0; q < k; ++q) {
    const auto fit = fit_column(set.columns[q], set.tokens, spec);
    one.steps = std::max(one.steps, fit.steps);
    one.finite = one.finite && fit.tied == fit.component;
    // The truth, centred over each tied group as the estimate is.
    std::vector<double> sum(k), size(k);
    for (std::size_t i = 0; i < k; ++i) {
      if (fit.tied[i] < 0) continue;
      sum[static_cast<std::size_t>(fit.tied[i])] += truth[q * k + i];
      size[static_cast<std::size_t>(fit.tied[i])] += 1;
    }
    for (std::size_t i = 0; i < k; ++i) {
      if (fit.tied[i] < 0) continue;
      const auto t = static_cast<std::size_t>(fit.tied[i]);
      const double miss = fit.w[i] - (truth[q * k + i] - sum[t] / size[t]);
      one.error += miss * miss;
    }
  }
  return one;
}

/// sum_k tr(H_k^+) at the truth, with H averaged over these prompts.
double trace_at_truth(const PromptSet& set, const std::vector<double>& truth, LearnResult& result) {
  double trace = 0;
  const auto k = set.tokens;
  for (int64_t q = 0; q < k; ++q) {
    const auto& groups = set.columns[static_cast<std::size_t>(q)];
    double prompts = 0;
    for (const auto& group : groups) prompts += group.prompts;
    const auto found = cooccurrence(groups, k);
    int32_t most = -1;
    int64_t absent = 0;
    for (const auto c : found) {
      most = std::max(most, c);
      absent += c < 0;
    }
    result.components.push_back(most + 1 + absent);
    result.fiedler.push_back(0);
    if (prompts == 0) continue;
    const Eigen::VectorXd w = Eigen::Map<const Eigen::VectorXd>(truth.data() + q * k, k);
    if (result.components.back() == 1) result.fiedler.back() = hessian_spectrum(groups, w)[1];
    const double share = prompts / static_cast<double>(set.prompts);
    trace += pseudo_inverse_trace(derivatives(groups, w).hessian) / share;
  }
  return trace;
}

}  // namespace

run::Tables LearnSpec::tables() {
  return {
      {"learn", [this](Visitor& f) {
         f("file", file, "a CSV file with columns prompt, query, next; empty: an experiment");
         f("cross", cross, "the query need not stand in the prompt (cross-attention)");
         f("tokens", tokens, "experiment: tokens of a random chain");
         f("length", length, "experiment: tokens of a prompt");
         f("prompts", prompts, "experiment: how many prompts, a list");
         f("seeds", seeds, "experiment: sets of prompts for each number");
         f("chain_seed", chain_seed, "experiment: of the random chain");
         f("blocks", blocks, "experiment: a prompt takes its tokens from one of so many blocks");
         f("method", method, "newton on grounded Laplacians, mm, or full-batch gradient", kMethods);
         f("ridge", ridge, "holds weights near 0: ridge / 2 times their squares");
         f("pseudo", pseudo, "choices of each token added to each query");
         f("error", error, "squared error for which a number of prompts is wanted; 0: none");
       }}};
}

FitSpec LearnSpec::fit() const {
  FitSpec out;
  out.method = method == "mm"         ? Method::kMm
               : method == "gradient" ? Method::kGradient
                                      : Method::kNewton;
  out.ridge = ridge;
  out.pseudo = pseudo;
  if (out.method == Method::kGradient) out.tolerance = 1e-8;
  return out;
}

void LearnSpec::check() const {
  if (!(ridge >= 0) || !(pseudo >= 0) || !(error >= 0))
    throw InputError("learn: --ridge, --pseudo and --error are 0 or more");
  if (!file.empty()) return;
  check_count("learn: --tokens", tokens, 2, 2000);
  check_count("learn: --length", length, 1, 1 << 20);
  check_count("learn: --seeds", seeds, 1, 1 << 20);
  check_count("learn: --blocks", blocks, 1, tokens);
  if (tokens % blocks != 0)
    throw InputError("learn: --blocks divides --tokens, and " + std::to_string(blocks) + " of " +
                     std::to_string(tokens) + " came");
  if (prompts.empty()) throw InputError("learn: --prompts: at least one number is expected");
  for (const double n : prompts) {
    if (!(n >= 1 && n <= 1e9 && n == std::floor(n)))
      throw InputError("learn: --prompts: whole numbers from 1 to 1e9 are expected, and " +
                       shortest(n) + " came");
  }
}

LearnResult learn_experiment(const LearnSpec& spec, int64_t threads) {
  const auto chain = dirichlet_chain(spec.tokens, static_cast<uint64_t>(spec.chain_seed));
  const auto truth = weights_of(chain);
  auto sizes = spec.prompts;
  std::sort(sizes.begin(), sizes.end());
  LearnResult result;
  const auto largest = static_cast<int64_t>(sizes.back());
  const double trace = trace_at_truth(
      draw_prompts(chain, std::max<int64_t>(largest, 20000), spec.length, 0, spec.blocks), truth,
      result);
  double done = 0, total = 0;
  for (const double n : sizes) total += n;
  run::Progress progress("chain learn");
  for (const double n : sizes) {
    LearnPoint point{static_cast<int64_t>(n), 0, 0, 0, 0, trace / n, 0};
    std::vector<One> all(static_cast<std::size_t>(spec.seeds));
    std::atomic<int64_t> next = 0;
    std::mutex told;
    const auto work = [&] {
      for (int64_t s; (s = next++) < spec.seeds;) {
        all[static_cast<std::size_t>(s)] =
            fit_once(draw_prompts(chain, point.prompts, spec.length, static_cast<uint64_t>(s + 1),
                                  spec.blocks),
                     truth, spec.fit());
        const std::lock_guard lock(told);
        done += n / static_cast<double>(spec.seeds);
        progress.show(done / total, std::to_string(point.prompts) + " prompts");
      }
    };
    std::vector<std::thread> others;
    for (int64_t t = 1; t < threads; ++t) others.emplace_back(work);
    work();
    for (auto& thread : others) thread.join();
    double sum = 0, squares = 0;
    for (const auto& one : all) {
      point.steps += static_cast<double>(one.steps) / static_cast<double>(spec.seeds);
      if (!one.finite) {
        ++point.infinite;
        continue;
      }
      ++point.seeds;
      sum += one.error;
      squares += one.error * one.error;
    }
    const auto count = static_cast<double>(point.seeds);
    point.error = sum / count;
    point.standard_error =
        std::sqrt(std::max(0.0, squares / count - point.error * point.error) / count);
    result.points.push_back(point);
  }
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& point : result.points) {
    if (point.seeds == 0) continue;
    const double a = std::log(static_cast<double>(point.prompts)), b = std::log(point.error);
    n += 1;
    x += a;
    y += b;
    xx += a * a;
    xy += a * b;
  }
  result.slope = n > 1 ? (n * xy - x * y) / (n * xx - x * x) : report::kAbsent;
  return result;
}

FitResult fit_file(const LearnSpec& spec, int64_t threads) {
  FitResult result;
  result.prompts = read_prompts(spec.file, spec.cross ? Attention::kCross : Attention::kSelf);
  result.fits = fit_columns(result.prompts, spec.fit(), threads);
  return result;
}

}  // namespace regard::markov
