#include "regard/theory/markov/collapse.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "regard/base/philox.hpp"

namespace regard::markov {
namespace {

constexpr double kAbsentMass = 1e-6;

std::vector<int32_t> support_of(const std::vector<double>& m) {
  std::vector<int32_t> support;
  for (std::size_t i = 0; i < m.size(); ++i) {
    if (m[i] > kAbsentMass) support.push_back(static_cast<int32_t>(i));
  }
  return support;
}

/// v <- M v, the law after one step of the chain conditioned on m.
void step(const Chain& chain, const std::vector<double>& m, const std::vector<double>& v,
          std::vector<double>& next) {
  std::fill(next.begin(), next.end(), 0.0);
  const auto k = m.size();
  for (std::size_t q = 0; q < k; ++q) {
    if (v[q] < 1e-300) continue;
    const auto* column = chain.column(static_cast<int64_t>(q));
    double z = 0;
    for (std::size_t i = 0; i < k; ++i) z += column[i] * m[i];
    const double scale = v[q] / z;
    for (std::size_t i = 0; i < k; ++i) next[i] += scale * column[i] * m[i];
  }
}

/// m follows v, which follows m: the fixed points are those of the averaged equation.
std::vector<double> relax(const Chain& chain, std::vector<double> m) {
  constexpr int kMostSteps = 4000;
  constexpr double kRate = 0.5, kStill = 1e-13;
  std::vector<double> v = m, next(m.size());
  for (int s = 0; s < kMostSteps; ++s) {
    step(chain, m, v, next);
    std::swap(v, next);
    double change = 0, total = 0;
    for (std::size_t i = 0; i < m.size(); ++i) {
      const double before = m[i];
      m[i] += kRate * (v[i] - m[i]);
      if (m[i] < 1e-12) m[i] = 0;
      change = std::max(change, std::abs(m[i] - before));
      total += m[i];
    }
    for (auto& value : m) value /= total;
    if (change < kStill) break;
  }
  return m;
}

/// Tokens that were still on their way out go: the rarest leaves where the others hold without it.
Equilibrium settled(const Chain& chain, std::vector<double> m) {
  constexpr double kRare = 0.05;
  auto end = equilibrium(chain, relax(chain, std::move(m)));
  while (end.support.size() > 1) {
    const auto rarest =
        *std::min_element(end.support.begin(), end.support.end(), [&](int32_t a, int32_t b) {
          return end.m[static_cast<std::size_t>(a)] < end.m[static_cast<std::size_t>(b)];
        });
    const auto place = static_cast<std::size_t>(rarest);
    if (end.m[place] > kRare) break;
    auto without = end.m;
    without[place] = 0;
    for (auto& value : without) value /= 1 - end.m[place];
    auto next = equilibrium(chain, relax(chain, std::move(without)));
    if (!(next.lambda[place] < 1)) break;
    end = std::move(next);
  }
  return end;
}

}  // namespace

Equilibrium equilibrium(const Chain& chain, std::vector<double> m) {
  Equilibrium end;
  end.support = support_of(m);
  const auto k = m.size();
  for (auto& value : m) value = value > kAbsentMass ? value : 0;
  end.lambda.assign(k, 0.0);
  for (const auto q : end.support) {
    const auto* column = chain.column(q);
    double z = 0;
    for (const auto l : end.support)
      z += column[static_cast<std::size_t>(l)] * m[static_cast<std::size_t>(l)];
    for (std::size_t i = 0; i < k; ++i)
      end.lambda[i] += m[static_cast<std::size_t>(q)] * column[i] / z;
  }
  end.stable = true;
  for (std::size_t i = 0; i < k; ++i) end.stable = end.stable && (m[i] > 0 || end.lambda[i] < 1);
  end.m = std::move(m);
  return end;
}

std::vector<Equilibrium> single_winners(const Chain& chain) {
  std::vector<Equilibrium> ends;
  for (int64_t j = 0; j < chain.tokens; ++j) {
    std::vector<double> m(static_cast<std::size_t>(chain.tokens));
    m[static_cast<std::size_t>(j)] = 1;
    auto end = equilibrium(chain, std::move(m));
    if (end.stable) ends.push_back(std::move(end));
  }
  return ends;
}

std::vector<Equilibrium> pair_winners(const Chain& chain) {
  std::vector<Equilibrium> ends;
  for (int64_t i = 0; i < chain.tokens; ++i) {
    for (int64_t j = i + 1; j < chain.tokens; ++j) {
      const double over_j = chain.at(i, j) - chain.at(j, j),
                   over_i = chain.at(j, i) - chain.at(i, i);
      if (!(over_i > 0 && over_j > 0))
        continue;  // both negative: each alone is stable against the other
      const double a = chain.at(j, i) * over_j, b = chain.at(i, j) * over_i;
      std::vector<double> m(static_cast<std::size_t>(chain.tokens));
      m[static_cast<std::size_t>(i)] = a / (a + b);
      m[static_cast<std::size_t>(j)] = b / (a + b);
      auto end = equilibrium(chain, std::move(m));
      if (end.stable) ends.push_back(std::move(end));
    }
  }
  return ends;
}

std::vector<Equilibrium> averaged_ends(const Chain& chain, int64_t starts, uint64_t seed) {
  std::map<std::vector<int32_t>, Equilibrium> found;
  const auto k = static_cast<std::size_t>(chain.tokens);
  for (int64_t s = 0; s < starts; ++s) {
    Random random(seed, RandomStream::kChain, (uint64_t{2} << 32) + static_cast<uint64_t>(s));
    std::vector<double> m(k);
    double total = 0;
    for (auto& value : m) total += value = -std::log1p(-random.uniform()) + 1e-9;
    for (auto& value : m) value /= total;
    auto end = settled(chain, std::move(m));
    const auto key = end.support;
    ++found.emplace(key, std::move(end)).first->second.starts;
  }
  std::vector<Equilibrium> ends;
  for (auto& [support, end] : found) ends.push_back(std::move(end));
  std::stable_sort(ends.begin(), ends.end(),
                   [](const auto& a, const auto& b) { return a.starts > b.starts; });
  return ends;
}

std::vector<Equilibrium> stable_ends(const Chain& chain, int64_t starts, uint64_t seed) {
  auto ends = single_winners(chain);
  for (auto& pair : pair_winners(chain)) ends.push_back(std::move(pair));
  for (auto& end : averaged_ends(chain, starts, seed)) {
    const auto same = std::find_if(ends.begin(), ends.end(),
                                   [&](const auto& e) { return e.support == end.support; });
    if (same != ends.end()) {
      same->starts = end.starts;
    } else if (end.stable && end.support.size() > 2) {
      ends.push_back(std::move(end));
    }
  }
  return ends;
}

Chain tempered(const Chain& chain, double attention_temperature) {
  Chain out = chain;
  if (attention_temperature == 1) return out;
  for (int64_t k = 0; k < chain.tokens; ++k) {
    auto* column = out.p.data() + k * chain.tokens;
    double total = 0;
    for (int64_t i = 0; i < chain.tokens; ++i)
      total += column[i] = std::pow(column[i], 1 / attention_temperature);
    for (int64_t i = 0; i < chain.tokens; ++i) column[i] /= total;
  }
  return out;
}

Learnable learnable(const Equilibrium& end, int64_t i, int64_t k) {
  const auto lambda = [&](int64_t token) {
    const auto place = static_cast<std::size_t>(token);
    return end.m[place] > 0 ? 1.0 : end.lambda[place];
  };
  const double exponent = lambda(i) + lambda(k) - 1;
  return {exponent > 0, exponent};
}

std::vector<double> exact_pair_means(double p, int64_t n1, int64_t n2,
                                     std::span<const int64_t> times) {
  std::vector<double> means;
  int64_t t = n1 + n2;
  // chance[j]: the second token stands n2 + j times.
  std::vector<double> chance = {1};
  for (const auto time : times) {
    chance.reserve(static_cast<std::size_t>(time - n1 - n2 + 1));
    for (; t < time; ++t) {
      chance.push_back(0);
      for (std::size_t j = chance.size() - 1;; --j) {
        const auto next = [&](std::size_t at) {
          const double second = p * static_cast<double>(n2 + static_cast<int64_t>(at)),
                       first = (1 - p) * static_cast<double>(t - n2 - static_cast<int64_t>(at));
          return second / (second + first);
        };
        const double stays = j + 1 < chance.size() ? chance[j] * (1 - next(j)) : 0;
        chance[j] = stays + (j > 0 ? chance[j - 1] * next(j - 1) : 0);
        if (j == 0) break;
      }
    }
    double mean = 0;
    for (std::size_t j = 0; j < chance.size(); ++j)
      mean += chance[j] * static_cast<double>(n2 + static_cast<int64_t>(j));
    means.push_back(mean / static_cast<double>(t));
  }
  return means;
}

double pair_limit(double p, int64_t n1, int64_t n2, double t) {
  const double a = p / (1 - p), first = static_cast<double>(n1);
  if (!(first > a)) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(n2) * std::exp(std::lgamma(first - a) - std::lgamma(first)) *
         std::pow(t, a - 1);
}

double effective_tokens(std::span<const double> m) {
  double entropy = 0;
  for (const double value : m) {
    if (value > 0) entropy -= value * std::log(value);
  }
  return std::exp(entropy);
}

}  // namespace regard::markov
