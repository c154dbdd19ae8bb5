#include "regard/models/sampling.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::models {
namespace {

/// How often each token stands in each row.
class Counts {
 public:
  Counts(int64_t rows, double penalty) : penalty_(penalty), rows_(static_cast<std::size_t>(rows)) {}
  void add(std::size_t row, int32_t id) {
    if (penalty_ == 0) return;
    auto& counts = rows_[row];
    if (counts.size() <= static_cast<std::size_t>(id))
      counts.resize(static_cast<std::size_t>(id) + 1);
    ++counts[static_cast<std::size_t>(id)];
  }
  void take_off(std::size_t row, std::vector<double>& logits) const {
    const auto& counts = rows_[row];
    for (std::size_t i = 0; i < std::min(counts.size(), logits.size()); ++i)
      logits[i] -= penalty_ * std::log1p(static_cast<double>(counts[i]));
  }

 private:
  double penalty_;
  std::vector<std::vector<int64_t>> rows_;
};

}  // namespace

void check(const Truncation& keep, const std::string& who) {
  if (keep.top_k < 0) throw InputError(who + ": a top-k of 0 or more was expected");
  if (!(keep.top_p > 0 && keep.top_p <= 1))
    throw InputError(who + ": a top-p above 0 and at most 1 was expected, and " +
                     shortest(keep.top_p) + " came");
  if (!(keep.min_p >= 0 && keep.min_p <= 1))
    throw InputError(who + ": a min-p from 0 to 1 was expected, and " + shortest(keep.min_p) +
                     " came");
}

std::vector<std::pair<int32_t, double>> kept_tokens(const double* logits, int64_t count,
                                                    double temperature, const Truncation& keep) {
  std::vector<std::pair<int32_t, double>> tokens;
  for (int32_t i = 0; i < count; ++i) tokens.emplace_back(i, logits[i]);
  std::sort(tokens.begin(), tokens.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (keep.top_k > 0 && keep.top_k < count) tokens.resize(static_cast<std::size_t>(keep.top_k));
  const double best = tokens.front().second;
  double total = 0;
  for (auto& [token, weight] : tokens)
    total += weight = std::exp((weight - best) / temperature);  // the likeliest has 1
  double sum = 0;
  std::size_t kept = 0;
  while (kept < tokens.size() && tokens[kept].second >= keep.min_p) {
    sum += tokens[kept++].second;
    if (sum >= keep.top_p * total && keep.top_p < 1) break;
  }
  tokens.resize(kept);
  for (auto& [token, weight] : tokens) weight /= sum;
  return tokens;
}

int32_t draw_token(const double* logits, int64_t count, double temperature, const Truncation& keep,
                   Random& random) {
  const auto top_k = keep.top_k;
  if (temperature > 0 && keep.by_probability()) {
    const auto tokens = kept_tokens(logits, count, temperature, keep);
    double rest = random.uniform();
    for (const auto& [token, probability] : tokens) {
      rest -= probability;
      if (rest < 0) return token;
    }
    return tokens.back().first;
  }
  std::vector<int32_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  // The heap's top is the largest logit, the first of equals.
  const auto below = [&](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] < logits[b] : a > b;
  };
  const auto best = *std::max_element(order.begin(), order.end(), below);
  if (temperature == 0) return best;
  std::vector<double> weights(static_cast<std::size_t>(count));
  for (int64_t i = 0; i < count; ++i)
    weights[static_cast<std::size_t>(i)] = std::exp((logits[i] - logits[best]) / temperature);
  const auto weight = [&](int32_t i) { return weights[static_cast<std::size_t>(i)]; };
  auto kept = static_cast<std::ptrdiff_t>(count);
  if (top_k > 0 && top_k < count) {
    kept = static_cast<std::ptrdiff_t>(top_k);
    std::nth_element(order.begin(), order.begin() + kept - 1, order.end(),
                     [&](int32_t a, int32_t b) { return below(b, a); });
  }
  const auto end = order.begin() + kept;
  double total = 0;
  for (auto at = order.begin(); at != end; ++at) total += weight(*at);
  double rest = random.uniform() * total;
  std::make_heap(order.begin(), end, below);
  for (auto last = end;; --last) {
    const auto top = order.front();
    rest -= weight(top);
    if (rest < 0 || last - order.begin() == 1) return top;
    std::pop_heap(order.begin(), last, below);
  }
}

std::vector<std::vector<int32_t>> sample(const Step& step, const torch::Tensor& prompts,
                                         int64_t length, const Sampling& sampling,
                                         const SamplingWatch& watch) {
  const auto rows = prompts.size(0);
  std::vector<std::vector<int32_t>> made(static_cast<std::size_t>(rows));
  std::vector<Random> random;
  for (int64_t b = 0; b < rows; ++b)
    random.emplace_back(sampling.seed, RandomStream::kSample,
                        static_cast<uint64_t>(sampling.first_row + b));
  Counts counts(rows, sampling.penalty);
  const auto given = prompts.to(torch::kCPU, torch::kLong).contiguous();
  for (int64_t b = 0; b < rows; ++b) {
    const auto* row = given.const_data_ptr<int64_t>() + b * given.size(1);
    for (int64_t t = 0; t < given.size(1); ++t)
      counts.add(static_cast<std::size_t>(b), static_cast<int32_t>(row[t]));
  }
  auto next = prompts;
  std::vector<int32_t> drawn(static_cast<std::size_t>(rows));
  std::vector<double> row;
  for (int64_t at = 0; at < length; ++at) {
    const auto logits = step(next);
    if (watch.logits) watch.logits(at, logits);
    const auto values = logits.to(torch::kCPU, torch::kDouble).contiguous();
    const auto count = values.size(1);
    auto ids = torch::empty({rows, 1}, torch::kLong);
    for (int64_t b = 0; b < rows; ++b) {
      const auto place = static_cast<std::size_t>(b);
      const auto* first = values.const_data_ptr<double>() + b * count;
      row.assign(first, first + count);
      if (!std::all_of(row.begin(), row.end(), [](double value) { return std::isfinite(value); }))
        throw RunError("generate: the model's scores of the next token are not finite");
      counts.take_off(place, row);
      drawn[place] =
          draw_token(row.data(), count, sampling.temperature, sampling.keep, random[place]);
      counts.add(place, drawn[place]);
      made[place].push_back(drawn[place]);
      ids.data_ptr<int64_t>()[b] = drawn[place];
    }
    if (watch.drawn) watch.drawn(at, drawn);
    next = ids;
  }
  return made;
}

}  // namespace regard::models
