#include "regard/theory/markov/kernel.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::markov {
namespace {

constexpr int64_t kBlock = 64;         // entries that a scan sums up at once
constexpr int64_t kScanUpTo = 24;      // outcomes up to which the scan is the fastest sampler
constexpr int64_t kScanWindowTo = 64;  // the same with a window

void check_weights(const std::vector<double>& weights, const std::string& name) {
  for (const double w : weights) {
    if (!(w >= 0 && std::isfinite(w)))
      throw InputError("walk: " + name + ": weights of 0 or more are expected, and " + shortest(w) +
                       " came");
  }
  const bool none =
      std::none_of(weights.begin(), weights.end(), [](double weight) { return weight > 0; });
  if (!weights.empty() && none)
    throw InputError("walk: " + name + ": a weight above 0 is expected, and all are 0");
}

void above_zero(double value, const std::string& name) {
  if (!(value > 0 && std::isfinite(value)))
    throw InputError("walk: " + name + ": a number above 0 is expected, and " + shortest(value) +
                     " came");
}

std::string choose(const Rules& rules, int64_t support) {
  if (rules.sampler != "auto") return rules.sampler;
  if (rules.alpha() != 1 || !rules.positions.by_index.empty()) return "scan";
  if (!rules.positions.by_distance.empty()) return "rejection";
  if (rules.window > 0) return support <= kScanWindowTo ? "scan" : "rejection";
  return support <= kScanUpTo ? "scan" : "alias";
}

}  // namespace

int64_t Rules::reach() const {
  const auto weighted = static_cast<int64_t>(positions.by_distance.size());
  return window > 0 && weighted > 0 ? std::min(window, weighted) : std::max(window, weighted);
}

void Rules::check() const {
  above_zero(attention_temperature, "--attention-temperature");
  above_zero(temperature, "--temperature");
  if (!std::isfinite(penalty)) throw InputError("walk: --penalty: a finite number is expected");
  if (window < 0)
    throw InputError("walk: --window: 0 (all) or more tokens are expected, and " +
                     std::to_string(window) + " came");
  check_weights(positions.by_distance, "--by-distance");
  check_weights(positions.by_index, "--by-index");
  if (std::find(kSamplers.begin(), kSamplers.end(), sampler) == kSamplers.end()) {
    throw InputError("walk: --sampler is one of " + join(kSamplers, ", ") + ", and \"" + sampler +
                     "\" came");
  }
  if (sampler != "rejection" && sampler != "alias") return;
  const std::string reason = alpha() != 1 ? "a power of the counts other than 1 (--temperature, "
                                            "--penalty)"
                             : !positions.by_index.empty()      ? "--by-index"
                             : sampler == "alias" && window > 0 ? "--window"
                             : sampler == "alias" && !positions.by_distance.empty()
                                 ? "--by-distance"
                                 : "";
  if (!reason.empty())
    throw InputError(
        "walk: the sampler " + sampler + " has no " + reason + "; the sampler " +
        (sampler == "alias" && alpha() == 1 && positions.by_index.empty() ? "rejection" : "scan") +
        " has");
}

Kernel::Kernel(const Chain& chain, std::span<const int32_t> prompt, Rules rules)
    : rules_(std::move(rules)), tokens_(prompt.begin(), prompt.end()) {
  rules_.check();
  if (prompt.empty()) throw InputError("walk: a prompt of at least one token is expected");
  std::sort(tokens_.begin(), tokens_.end());
  tokens_.erase(std::unique(tokens_.begin(), tokens_.end()), tokens_.end());
  for (const auto token : prompt) {
    const auto place = std::lower_bound(tokens_.begin(), tokens_.end(), token);
    prompt_.push_back(static_cast<uint16_t>(place - tokens_.begin()));
  }
  sampler_ = choose(rules_, support());
  const int64_t unit = support() <= kFewOutcomes ? 4 : kBlock;
  stride_ = (support() + unit - 1) / unit * unit;
  weights_.assign(static_cast<std::size_t>(support() * stride_), 0.0);
  const double power = 1 / (rules_.attention_temperature * rules_.temperature);
  for (int64_t k = 0; k < support(); ++k) {
    auto* column = weights_.data() + k * stride_;
    double most = 0;
    for (int64_t i = 0; i < support(); ++i)
      most = std::max(most, chain.at(tokens_[static_cast<std::size_t>(i)],
                                     tokens_[static_cast<std::size_t>(k)]));
    for (int64_t i = 0; i < support(); ++i) {
      const double ratio =
          chain.at(tokens_[static_cast<std::size_t>(i)], tokens_[static_cast<std::size_t>(k)]) /
          most;
      column[i] = power == 1 ? ratio : std::pow(ratio, power);
    }
  }
}

double Kernel::history_bytes(double length) const {
  const auto ring = static_cast<double>(rules_.reach());
  if (ring > 0) return 2 * std::min(ring, length);
  const auto n = static_cast<double>(support());
  return sampler_ == "scan" ? 0 : 2 * length + (sampler_ == "alias" ? 8 * n * n : 0);
}

}  // namespace regard::markov
