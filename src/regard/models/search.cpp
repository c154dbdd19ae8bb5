#include "regard/models/search.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "regard/base/error.hpp"

namespace regard::models {
using torch::Tensor;

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

Tensor rows_of(const std::vector<int64_t>& rows) { return at::tensor(rows, torch::kLong); }

double score_of(double log_probability, std::size_t tokens, double alpha) {
  const double length = (5.0 + static_cast<double>(tokens) + 1) / 6;
  return log_probability / std::pow(length, alpha);
}

[[noreturn]] void not_finite() {
  throw RunError("translate: the model's scores of the next token are not finite");
}

/// The token after a text, with its log-probability and that of the end.
struct Choice {
  int64_t token = 0;
  double log_probability = 0, of_end = 0;
};
using Choose = std::function<std::vector<Choice>(const Tensor& logits,
                                                 const std::vector<std::size_t>& sources)>;

/// One text a source, as `choose` says after each step.
std::vector<Hypothesis> one_each(const SearchModel& model, const SearchTask& task,
                                 const Choose& choose) {
  std::vector<Hypothesis> made(task.longest.size());
  std::vector<std::size_t> live(made.size());
  std::iota(live.begin(), live.end(), std::size_t{0});
  auto ids = at::full({static_cast<int64_t>(live.size()), 1}, task.begin, torch::kLong);
  while (!live.empty()) {
    const auto logits = model.next(ids);
    const auto chosen = choose(logits, live);
    std::vector<int64_t> rows, next;
    std::vector<std::size_t> on;
    for (std::size_t i = 0; i < live.size(); ++i) {
      auto& text = made[live[i]];
      const bool full = static_cast<int64_t>(text.ids.size()) >= task.longest[live[i]];
      const auto token = full ? task.end : chosen[i].token;
      const double log_probability = full ? chosen[i].of_end : chosen[i].log_probability;
      if (std::isnan(log_probability)) not_finite();
      text.log_probability += log_probability;
      if (token == task.end) continue;
      text.ids.push_back(static_cast<int32_t>(token));
      on.push_back(live[i]);
      rows.push_back(static_cast<int64_t>(i));
      next.push_back(token);
    }
    if (on.size() < live.size() && !on.empty()) model.select(rows_of(rows));
    live = on;
    ids = at::tensor(next, torch::kLong).unsqueeze(1);
  }
  for (auto& text : made) text.score = score_of(text.log_probability, text.ids.size(), 1);
  return made;
}

/// One source in a beam search.
struct Beam {
  std::size_t source = 0;
  std::vector<std::vector<int32_t>> texts;  // open ones, by row
  std::vector<Hypothesis> ended;
};

/// What the open texts of a source become.
struct Grown {
  std::vector<int64_t> parents, tokens;
  std::vector<double> scores;
};

// Candidates come likeliest first. One that ends counts among the first `width` alone, so that the
// beam stays as wide as it is.
Grown grow(Beam& beam, const double* scores, const int64_t* places, int64_t candidates,
           int64_t vocabulary, const SearchTask& task, int64_t width) {
  Grown grown;
  std::vector<std::vector<int32_t>> texts;
  for (int64_t r = 0; r < candidates; ++r) {
    if (std::isnan(scores[r])) not_finite();
    if (scores[r] == kNever) break;
    const auto parent = places[r] / vocabulary, token = places[r] % vocabulary;
    const auto& text = beam.texts[static_cast<std::size_t>(parent)];
    if (token == task.end) {
      if (r < width) beam.ended.push_back({text, scores[r], 0});
    } else if (static_cast<int64_t>(texts.size()) < width) {
      texts.push_back(text);
      texts.back().push_back(static_cast<int32_t>(token));
      grown.parents.push_back(parent);
      grown.tokens.push_back(token);
      grown.scores.push_back(scores[r]);
    }
  }
  const bool open = !texts.empty();
  while (open && static_cast<int64_t>(texts.size()) < width) {  // rows without a text
    texts.emplace_back();
    grown.parents.push_back(0);
    grown.tokens.push_back(task.end);
    grown.scores.push_back(kNever);
  }
  beam.texts = std::move(texts);
  return grown;
}

void sort_best(std::vector<Hypothesis>& texts, const BeamOptions& options) {
  for (auto& text : texts)
    text.score = score_of(text.log_probability, text.ids.size(), options.length_penalty);
  std::stable_sort(texts.begin(), texts.end(),
                   [](const auto& a, const auto& b) { return a.score > b.score; });
  if (static_cast<int64_t>(texts.size()) > options.nbest)
    texts.resize(static_cast<std::size_t>(options.nbest));
}

/// log P (n, K V) of every candidate: of a text at its limit the end alone.
Tensor candidates_of(const Tensor& logits, const std::vector<double>& scores,
                     const std::vector<Beam>& live, const SearchTask& task, int64_t width,
                     int64_t tokens) {
  const auto count = static_cast<int64_t>(live.size()), vocabulary = logits.size(1);
  auto log_p = at::log_softmax(logits, 1).view({count, width, vocabulary});
  std::vector<int64_t> at_limit;
  for (int64_t s = 0; s < count; ++s) {
    if (task.longest[live[static_cast<std::size_t>(s)].source] <= tokens) at_limit.push_back(s);
  }
  if (!at_limit.empty()) {
    const auto rows = rows_of(at_limit).to(logits.device());
    const auto ends = log_p.index_select(0, rows).select(2, task.end);
    auto closed = at::full({rows.size(0), width, vocabulary}, kNever, log_p.options());
    closed.select(2, task.end).copy_(ends);
    log_p = log_p.index_copy(0, rows, closed);
  }
  const auto before = at::tensor(scores, torch::kDouble).to(log_p.options());
  return (log_p + before.view({count, width, 1})).view({count, width * vocabulary});
}

}  // namespace

std::vector<Hypothesis> greedy_search(const SearchModel& model, const SearchTask& task) {
  return one_each(model, task, [&](const Tensor& logits, const std::vector<std::size_t>& sources) {
    const auto log_p = at::log_softmax(logits, 1);
    const auto [best, which] = log_p.max(1);
    const auto values = at::stack({best.to(torch::kDouble), which.to(torch::kDouble),
                                   log_p.select(1, task.end).to(torch::kDouble)})
                            .cpu()
                            .contiguous();
    const auto* v = values.const_data_ptr<double>();
    const auto rows = sources.size();
    std::vector<Choice> chosen(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      chosen[i] = {static_cast<int64_t>(v[rows + i]), v[i], v[2 * rows + i]};
    }
    return chosen;
  });
}

std::vector<Hypothesis> draw_texts(const SearchModel& model, const SearchTask& task,
                                   const Sampling& sampling, const std::vector<int64_t>& rows) {
  std::vector<Random> random;
  for (const auto row : rows)
    random.emplace_back(sampling.seed, RandomStream::kSample,
                        static_cast<uint64_t>(sampling.first_row + row));
  return one_each(model, task, [&](const Tensor& logits, const std::vector<std::size_t>& sources) {
    const auto values = at::log_softmax(logits, 1).to(torch::kCPU, torch::kDouble).contiguous();
    const auto count = values.size(1);
    std::vector<Choice> chosen;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const auto* row = values.const_data_ptr<double>() + static_cast<int64_t>(i) * count;
      if (!std::all_of(row, row + count, [](double x) { return !std::isnan(x); })) not_finite();
      const auto token =
          draw_token(row, count, sampling.temperature, sampling.keep, random[sources[i]]);
      chosen.push_back({token, row[token], row[task.end]});
    }
    return chosen;
  });
}

std::vector<std::vector<Hypothesis>> beam_search(const SearchModel& model, const SearchTask& task,
                                                 const BeamOptions& options) {
  const auto width = options.beam;
  std::vector<std::vector<Hypothesis>> made(task.longest.size());
  std::vector<Beam> live;
  std::vector<double> scores;
  for (std::size_t source = 0; source < made.size(); ++source) {
    live.push_back(
        {source, std::vector<std::vector<int32_t>>(static_cast<std::size_t>(width)), {}});
    for (int64_t k = 0; k < width; ++k) scores.push_back(k == 0 ? 0 : kNever);
  }
  auto ids = at::full({static_cast<int64_t>(scores.size()), 1}, task.begin, torch::kLong);
  for (int64_t tokens = 0; !live.empty(); ++tokens) {
    const auto logits = model.next(ids);
    const auto vocabulary = logits.size(1);
    const auto all = candidates_of(logits, scores, live, task, width, tokens);
    const auto count = std::min(2 * width, all.size(1));
    const auto [best, places] = all.topk(count, 1);
    const auto values = best.to(torch::kCPU, torch::kDouble).contiguous();
    const auto which = places.cpu().contiguous();
    std::vector<Beam> on;
    std::vector<int64_t> rows, next;
    scores.clear();
    for (std::size_t s = 0; s < live.size(); ++s) {
      auto& beam = live[s];
      const auto place = static_cast<int64_t>(s);
      const auto grown =
          grow(beam, values.const_data_ptr<double>() + place * count,
               which.const_data_ptr<int64_t>() + place * count, count, vocabulary, task, width);
      if (static_cast<int64_t>(beam.ended.size()) >= width || beam.texts.empty()) {
        sort_best(beam.ended, options);
        made[beam.source] = std::move(beam.ended);
        continue;
      }
      for (const auto parent : grown.parents) rows.push_back(place * width + parent);
      next.insert(next.end(), grown.tokens.begin(), grown.tokens.end());
      scores.insert(scores.end(), grown.scores.begin(), grown.scores.end());
      on.push_back(std::move(beam));
    }
    live = std::move(on);
    if (live.empty()) break;
    model.select(rows_of(rows));
    ids = at::tensor(next, torch::kLong).unsqueeze(1);
  }
  return made;
}

}  // namespace regard::models
