#include "regard/theory/markov/text_model.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/theory/markov/sweep.hpp"

namespace regard::markov {
namespace {

/// What the fits of one training part share: choices by column, and the unigram that smooths them.
struct Counts {
  std::vector<double> chosen;   // (K, K + 1)
  std::vector<double> total;    // (K + 1)
  std::vector<double> unigram;  // (K)
};

Counts count(const Text& text, Part part) {
  const auto k = static_cast<std::size_t>(text.outcomes);
  Counts counts{std::vector<double>(k * (k + 1)), std::vector<double>(k + 1),
                std::vector<double>(k, 0.5)};
  double all = 0.5 * static_cast<double>(k);
  for (int64_t t = part.begin; t < part.end; ++t) {
    const auto next = static_cast<std::size_t>(text.ids[static_cast<std::size_t>(t)]);
    if (next >= k) continue;
    ++counts.unigram[next];
    ++all;
    if (t == 0) continue;
    const auto query = static_cast<std::size_t>(text.ids[static_cast<std::size_t>(t - 1)]);
    ++counts.chosen[query * k + next];
    ++counts.total[query];
  }
  for (auto& u : counts.unigram) u /= all;
  return counts;
}

/// The bigram with `prior` choices by the unigram in each column: the fit for alpha = 0.
PowerChain bigram_of(const Text& text, const Counts& counts, int64_t window, double epsilon,
                     double prior) {
  const auto k = static_cast<std::size_t>(text.outcomes);
  PowerChain model{text.outcomes, window, 0, epsilon, std::vector<double>(k * (k + 1))};
  for (std::size_t q = 0; q <= k; ++q) {
    for (std::size_t i = 0; i < k; ++i)
      model.pi[q * k + i] =
          (counts.chosen[q * k + i] + prior * counts.unigram[i]) / (counts.total[q] + prior);
  }
  return model;
}

constexpr int64_t kMostSweeps = 200;
constexpr double kStill = 2e-8;  // of the mean log-likelihood between two sweeps

/// MM at fixed alpha, from the model's pi. Returns the last sweep.
Sweep settle(PowerChain& model, const Text& text, Part train, const Counts& counts, double prior,
             int64_t threads, int64_t& sweeps) {
  const auto k = static_cast<std::size_t>(model.outcomes);
  double before = -1e300;
  Sweep now;
  for (int64_t s = 0; s < kMostSweeps; ++s, ++sweeps) {
    now = sweep(model, text, train, threads, true);
    const double mean = now.log_likelihood / static_cast<double>(now.tokens);
    if (std::abs(mean - before) < kStill) break;
    before = mean;
    for (std::size_t q = 0; q <= k; ++q) {
      auto* column = model.pi.data() + q * k;
      double sum = 0, again = 0;
      for (std::size_t i = 0; i < k; ++i) sum += column[i];
      for (std::size_t i = 0; i < k; ++i) {
        column[i] = (counts.chosen[q * k + i] + prior * counts.unigram[i]) /
                    (now.weight[q * k + i] + prior / sum);
        again += column[i];
      }
      for (std::size_t i = 0; i < k; ++i) column[i] /= again;
    }
  }
  return now;
}

PowerFit fit_at(PowerChain start, const Text& text, Part train, const Counts& counts, double prior,
                int64_t threads, double alpha) {
  PowerFit fit{std::move(start), 0, 0, 0};
  const auto at = [&](double a) {
    fit.model.alpha = a;
    return settle(fit.model, text, train, counts, prior, threads, fit.sweeps);
  };
  if (std::isfinite(alpha)) {
    const auto end = at(alpha);
    fit.nats = -end.log_likelihood / static_cast<double>(end.tokens);
    return fit;
  }
  // The score of the profile falls with alpha: secants to its root. Its slope is the information.
  double a = fit.model.alpha, b = a + 0.25;
  auto last = at(a);
  double score_a = last.score;
  for (int step = 0; step < 12; ++step) {
    last = at(b);
    const double slope = (last.score - score_a) / (b - a);
    if (!(slope < 0)) break;
    fit.alpha_error = 1 / std::sqrt(-slope);
    const double next = std::clamp(b - last.score / slope, b - 1, b + 1);
    a = b;
    score_a = last.score;
    if (std::abs(next - b) < 0.03 * fit.alpha_error) break;
    b = next;
  }
  fit.nats = -last.log_likelihood / static_cast<double>(last.tokens);
  return fit;
}

/// Weight of the second law in a mixture, by EM on a part: pairs of chances of each token.
double mixture_share(const std::vector<std::pair<double, double>>& chances) {
  double share = 0.5;
  for (int step = 0; step < 200; ++step) {
    double sum = 0;
    for (const auto& [first, second] : chances) {
      const double mixed = (1 - share) * first + share * second;
      sum += mixed > 0 ? share * second / mixed : 0;
    }
    const double next = sum / static_cast<double>(chances.size());
    if (std::abs(next - share) < 1e-7) return next;
    share = next;
  }
  return share;
}

struct Chances {
  std::vector<std::pair<double, double>> unigram_cache, bigram_cache;
};

/// Chances that each token of a part had by unigram, bigram and cache.
Chances chances(const Text& text, Part part, const Counts& counts, const PowerChain& bigram) {
  Chances out;
  const auto k = text.outcomes;
  std::vector<double> inside(static_cast<std::size_t>(k));
  double total = 0;
  const auto take = [&](int64_t t, double by) {
    const auto id = text.ids[static_cast<std::size_t>(t)];
    if (id >= k) return;
    inside[static_cast<std::size_t>(id)] += by;
    total += by;
  };
  for (int64_t t = std::max<int64_t>(0, part.begin - bigram.window); t < part.end; ++t) {
    const auto next = text.ids[static_cast<std::size_t>(t)];
    if (t >= std::max<int64_t>(1, part.begin) && next < k) {
      const auto place = static_cast<std::size_t>(next);
      const double cache = total > 0 ? inside[place] / total : 0;
      const auto query = static_cast<std::size_t>(text.ids[static_cast<std::size_t>(t - 1)]);
      out.unigram_cache.emplace_back(counts.unigram[place], cache);
      out.bigram_cache.emplace_back(bigram.pi[query * static_cast<std::size_t>(k) + place], cache);
    }
    take(t, 1);
    if (t - bigram.window >= std::max<int64_t>(0, part.begin - bigram.window))
      take(t - bigram.window, -1);
  }
  return out;
}

double nats_of(const std::vector<std::pair<double, double>>& chances, double share) {
  double sum = 0;
  for (const auto& [first, second] : chances) sum -= std::log((1 - share) * first + share * second);
  return sum / static_cast<double>(chances.size());
}

void check(const Text& text, const TextSpec& spec) {
  const auto length = static_cast<int64_t>(text.ids.size());
  if (length == 0) throw InputError("diagnose: the text is empty");
  if (text.outcomes < 2)
    throw InputError("diagnose: a vocabulary of at least 2 tokens is expected, and " +
                     std::to_string(text.outcomes) + " came");
  if (spec.window < 1)
    throw InputError("diagnose: --window: 1 or more tokens are expected, and " +
                     std::to_string(spec.window) + " came");
  if (length < 10 * spec.window || length < 100)
    throw InputError("diagnose: the text is too short for its window: at least " +
                     std::to_string(std::max<int64_t>(100, 10 * spec.window)) +
                     " tokens are expected for a window of " + std::to_string(spec.window) +
                     ", and " + std::to_string(length) + " came; --window takes a smaller one");
}

}  // namespace

double Text::other_share() const {
  const auto other =
      std::count_if(ids.begin(), ids.end(), [this](int32_t id) { return id >= outcomes; });
  return ids.empty() ? 0 : static_cast<double>(other) / static_cast<double>(ids.size());
}

Score score(const PowerChain& model, const Text& text, Part part) {
  const auto all = sweep(model, text, part, 1, false);
  return {-all.log_likelihood / static_cast<double>(all.tokens), all.tokens};
}

double best_prior(const Text& text, Part train, Part valid, const std::vector<double>& priors) {
  const auto counts = count(text, train);
  double best = 1e300, found = priors.front();
  for (const double prior : priors) {
    const double nats = score(bigram_of(text, counts, 1, 1, prior), text, valid).nats;
    if (!(nats < best)) continue;
    best = nats;
    found = prior;
  }
  return found;
}

PowerFit fit_power(const Text& text, Part train, int64_t window, double epsilon, double prior,
                   int64_t threads, double alpha) {
  const auto counts = count(text, train);
  return fit_at(bigram_of(text, counts, window, epsilon, prior), text, train, counts, prior,
                threads, alpha);
}

TextFit fit_text(const Text& text, const TextSpec& spec) {
  check(text, spec);
  const auto length = static_cast<double>(text.ids.size());
  TextFit fit;
  fit.train = {0, static_cast<int64_t>(spec.train * length)};
  fit.valid = {fit.train.end, static_cast<int64_t>((spec.train + spec.valid) * length)};
  fit.test = {fit.valid.end, static_cast<int64_t>(length)};
  fit.other_share = text.other_share();
  const auto counts = count(text, fit.train);
  fit.prior = best_prior(text, fit.train, fit.valid, spec.priors);
  const auto bigram = bigram_of(text, counts, spec.window, 1, fit.prior);
  const auto valid = chances(text, fit.valid, counts, bigram),
             test = chances(text, fit.test, counts, bigram);
  if (valid.bigram_cache.empty() || test.bigram_cache.empty())
    throw InputError("diagnose: the last tenth of the text holds no token of the vocabulary");
  fit.cache_share = mixture_share(valid.unigram_cache);
  fit.bigram_cache_share = mixture_share(valid.bigram_cache);
  fit.unigram = nats_of(test.unigram_cache, 0);
  fit.bigram = nats_of(test.bigram_cache, 0);
  fit.cache = nats_of(test.unigram_cache, fit.cache_share);
  fit.bigram_cache = nats_of(test.bigram_cache, fit.bigram_cache_share);
  double best_chain = 1e300, best_power = 1e300;
  PowerChain from = bigram;
  for (const double epsilon : spec.epsilons) {
    from.epsilon = epsilon;
    auto power = fit_at(from, text, fit.train, counts, fit.prior, spec.threads, NAN);
    auto chain = fit_at(power.model, text, fit.train, counts, fit.prior, spec.threads, 1);
    if (const double nats = score(power.model, text, fit.valid).nats; nats < best_power) {
      best_power = nats;
      fit.power = power.model;
      fit.alpha_error = power.alpha_error;
    }
    if (const double nats = score(chain.model, text, fit.valid).nats; nats < best_chain) {
      best_chain = nats;
      fit.chain = std::move(chain.model);
    }
    from = std::move(power.model);
  }
  fit.chain_nats = score(fit.chain, text, fit.test).nats;
  const auto last = score(fit.power, text, fit.test);
  fit.power_nats = last.nats;
  fit.tokens = last.tokens;
  fit.effective = mean_effective(text.ids, text.outcomes, spec.window);
  return fit;
}

std::vector<int32_t> sample(const PowerChain& model, std::span<const int32_t> prompt,
                            int64_t length, double temperature, uint64_t seed, uint64_t run) {
  const auto k = static_cast<std::size_t>(model.outcomes);
  Random random(seed, RandomStream::kChainWalk, run);
  std::vector<int32_t> ids(prompt.begin(), prompt.end());
  std::vector<int64_t> counts(k);
  std::vector<double> mass(static_cast<std::size_t>(model.window) + 1), f(k), law(k);
  for (std::size_t n = 0; n < mass.size(); ++n)
    mass[n] = std::pow(static_cast<double>(n) + model.epsilon, model.alpha / temperature);
  std::fill(f.begin(), f.end(), mass[0]);
  std::vector<double> powered = model.pi;
  if (temperature != 1) {
    for (auto& value : powered) value = std::pow(value, 1 / temperature);
  }
  const auto change = [&](int32_t id, int64_t by) {
    const auto at = static_cast<std::size_t>(id);
    if (at >= k) return;
    counts[at] += by;
    f[at] = mass[static_cast<std::size_t>(counts[at])];
  };
  const auto window = static_cast<std::size_t>(model.window);
  for (std::size_t t = ids.size() > window ? ids.size() - window : 0; t < ids.size(); ++t)
    change(ids[t], 1);
  std::vector<int32_t> made;
  for (int64_t step = 0; step < length; ++step) {
    const auto* column = powered.data() + static_cast<std::size_t>(ids.back()) * k;
    double total = 0;
    for (std::size_t i = 0; i < k; ++i) total += law[i] = column[i] * f[i];
    double rest = random.uniform() * total;
    std::size_t next = k - 1;
    for (std::size_t i = 0; i < k; ++i) {
      rest -= law[i];
      if (rest < 0) {
        next = i;
        break;
      }
    }
    ids.push_back(static_cast<int32_t>(next));
    made.push_back(ids.back());
    if (ids.size() > window) change(ids[ids.size() - 1 - window], -1);
    change(ids.back(), 1);
  }
  return made;
}

double mean_effective(std::span<const int32_t> ids, int64_t outcomes, int64_t window) {
  std::vector<int64_t> counts(static_cast<std::size_t>(outcomes));
  std::vector<double> part(static_cast<std::size_t>(window) + 1);  // n log n
  for (std::size_t n = 1; n < part.size(); ++n)
    part[n] = static_cast<double>(n) * std::log(static_cast<double>(n));
  double sum = 0, all = 0, total = 0;
  int64_t windows = 0;
  const auto change = [&](int32_t id, int64_t by) {
    if (id >= outcomes) return;
    auto& count = counts[static_cast<std::size_t>(id)];
    all -= part[static_cast<std::size_t>(count)];
    count += by;
    total += static_cast<double>(by);
    all += part[static_cast<std::size_t>(count)];
  };
  for (std::size_t t = 0; t < ids.size(); ++t) {
    if (static_cast<int64_t>(t) >= window) change(ids[t - static_cast<std::size_t>(window)], -1);
    change(ids[t], 1);
    if (static_cast<int64_t>(t) + 1 < window || total == 0) continue;
    sum += std::exp(std::log(total) - all / total);  // entropy = log n - sum n_i log n_i / n
    ++windows;
  }
  return windows > 0 ? sum / static_cast<double>(windows) : 0;
}

}  // namespace regard::markov
