#include "regard/theory/markov/diagnose.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/text.hpp"

namespace regard::markov {
namespace {

/// alpha of a text of the length of the training part, smoothed as suits that text.
PowerFit refit(const Diagnosis& d, const Text& text, int64_t threads) {
  const auto end = static_cast<int64_t>(text.ids.size());
  const Part train{0, end - end / 10}, valid{end - end / 10, end};
  const double prior = best_prior(text, train, valid, TextSpec{}.priors);
  return fit_power(text, train, d.fit.power.window, d.fit.power.epsilon, prior, threads, NAN);
}

void control_bigram(Diagnosis& d, int64_t threads) {
  const auto& fit = d.fit;
  const auto bigram =
      fit_power(d.text, fit.train, fit.power.window, fit.power.epsilon, fit.prior, threads, 0);
  Text drawn{{}, d.text.outcomes, {}};
  drawn.ids = sample(bigram.model, {d.text.ids.data(), 1}, fit.train.end, 1, 1, 0);
  const auto again = refit(d, drawn, threads);
  d.bigram_control = again.model.alpha;
  d.bigram_control_error = again.alpha_error;
}

void control_shuffled(Diagnosis& d, int64_t threads) {
  Text other{{d.text.ids.begin(), d.text.ids.begin() + d.fit.train.end}, d.text.outcomes, {}};
  Random random(1, RandomStream::kChain, uint64_t{3} << 32);
  for (std::size_t i = other.ids.size() - 1; i > 0; --i)
    std::swap(other.ids[i], other.ids[random.below(i + 1)]);
  const auto again = refit(d, other, threads);
  d.shuffled_control = again.model.alpha;
  d.shuffled_control_error = again.alpha_error;
}

}  // namespace

run::Tables DiagnoseSpec::tables() {
  return {{"diagnose", [this](Visitor& f) {
             f("path", path, "a text, or the folder of a trained language model");
             f("data", data, "of a run: a text for prompts; empty: its validation text");
             f("window", window, "tokens of the context that are counted");
             f("samples", samples, "texts at each temperature");
             f("length", length, "tokens of each");
             f("prompt", prompt, "tokens of the text before each");
             f("seed", seed, "of the texts");
             f("temperature", temperatures, "of sampling, a list");
             f("penalty", penalty, "times log N, taken off the log-probabilities in sampling");
           }}};
}

void DiagnoseSpec::check() const {
  check_count("diagnose: --window", window, 1, 1 << 16);
  check_count("diagnose: --samples", samples, 1, 4096);
  check_count("diagnose: --length", length, kSpreadWindow, 1 << 20);
  check_count("diagnose: --prompt", prompt, 1, 1 << 16);
  if (temperatures.empty())
    throw InputError("diagnose: --temperature: at least one number is expected");
  for (const double t : temperatures) {
    if (!(t > 0 && std::isfinite(t)))
      throw InputError("diagnose: --temperature: numbers above 0 are expected, and " + shortest(t) +
                       " came");
  }
  if (!std::isfinite(penalty)) throw InputError("diagnose: --penalty: a finite number is expected");
}

Repetition simulate(const Diagnosis& d, const DiagnoseSpec& spec, double temperature,
                    int64_t threads) {
  auto model = d.fit.power;
  model.alpha -= spec.penalty;
  std::vector<std::vector<int32_t>> texts(static_cast<std::size_t>(spec.samples));
  std::atomic<int64_t> next = 0;
  const auto longest = static_cast<int64_t>(d.text.ids.size());
  const int64_t length = std::min(spec.prompt, longest);
  const auto work = [&] {
    for (int64_t s; (s = next++) < spec.samples;) {
      Random random(static_cast<uint64_t>(spec.seed), RandomStream::kChainPrompts,
                    (uint64_t{1} << 48) + static_cast<uint64_t>(s));
      const auto first = random.below(static_cast<uint64_t>(longest - length + 1));
      texts[static_cast<std::size_t>(s)] =
          sample(model, {d.text.ids.data() + first, static_cast<std::size_t>(length)}, spec.length,
                 temperature, static_cast<uint64_t>(spec.seed), static_cast<uint64_t>(s));
    }
  };
  std::vector<std::thread> others;
  for (int64_t t = 1; t < std::min(threads, spec.samples); ++t) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  return repetition(texts, d.text.outcomes, kOnsetShare * d.spread);
}

Diagnosis diagnose_text(Text text, const DiagnoseSpec& spec, int64_t threads, const Told& told) {
  Diagnosis d;
  d.name = spec.path;
  d.text = std::move(text);
  TextSpec of;
  of.window = spec.window;
  of.threads = threads;
  told(0.02, "models of the next token");
  d.fit = fit_text(d.text, of);
  d.spread = mean_effective(d.text.ids, d.text.outcomes, kSpreadWindow);
  told(0.6, "controls");
  control_bigram(d, threads);
  control_shuffled(d, threads);
  for (std::size_t i = 0; i < spec.temperatures.size(); ++i) {
    const double t = spec.temperatures[i];
    told(0.8 + 0.2 * static_cast<double>(i) / static_cast<double>(spec.temperatures.size()),
         "texts at temperature " + shortest(t));
    d.at.push_back(
        {t, (d.fit.power.alpha - spec.penalty) / t, simulate(d, spec, t, threads), {}, {}});
  }
  return d;
}

}  // namespace regard::markov
