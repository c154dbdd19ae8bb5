// A search knows a step alone: the model here is a table of logits by what was written so far.
#include "regard/models/search.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "harness/message.hpp"
#include "regard/base/philox.hpp"

namespace regard::models {
namespace {
using torch::Tensor;

constexpr int32_t kBegin = 0, kEnd = 1;
constexpr int64_t kSymbols = 5;

// Logits of source `source` after `text`, always the same, far from even.
std::vector<double> logits_after(int64_t source, const std::vector<int64_t>& text) {
  uint64_t key = static_cast<uint64_t>(source) + 1;
  for (const auto token : text) key = key * 31 + static_cast<uint64_t>(token) + 1;
  Random random(key, RandomStream::kTest);
  std::vector<double> logits;
  for (int64_t i = 0; i < kSymbols; ++i) logits.push_back(3 * random.uniform());
  return logits;
}

// Remembers which source and which text each row has.
struct Table {
  struct Row {
    int64_t source;
    std::vector<int64_t> text;
  };
  std::vector<Row> rows;
  int64_t most_rows = 0, steps = 0, row_steps = 0;

  Table(int64_t sources, int64_t texts, int64_t first = 0) {
    for (int64_t s = 0; s < sources; ++s) {
      for (int64_t t = 0; t < texts; ++t) rows.push_back({first + s, {}});
    }
  }
  SearchModel model() {
    return {[this](const Tensor& ids) {
              EXPECT_EQ(ids.size(0), static_cast<int64_t>(rows.size()));
              ++steps;
              row_steps += ids.size(0);
              std::vector<double> all;
              for (std::size_t r = 0; r < rows.size(); ++r) {
                rows[r].text.push_back(ids[static_cast<int64_t>(r)][0].item<int64_t>());
                const auto logits = logits_after(rows[r].source, rows[r].text);
                all.insert(all.end(), logits.begin(), logits.end());
              }
              return at::tensor(all, torch::kDouble).view({-1, kSymbols});
            },
            [this](const Tensor& chosen) {
              std::vector<Row> next;
              for (int64_t i = 0; i < chosen.size(0); ++i)
                next.push_back(rows[static_cast<std::size_t>(chosen[i].item<int64_t>())]);
              rows = next;
            }};
  }
};

SearchTask task_of(const std::vector<int64_t>& longest) { return {kBegin, kEnd, longest}; }

double log_p(int64_t source, const std::vector<int64_t>& text, int64_t token) {
  const auto logits = logits_after(source, text);
  double sum = 0;
  for (const double l : logits) sum += std::exp(l);
  return logits[static_cast<std::size_t>(token)] - std::log(sum);
}

// Every text of at most `longest` tokens, with its probability.
void all_texts(int64_t source, std::vector<int64_t> text, double so_far, int64_t longest,
               double alpha, std::vector<Hypothesis>& out) {
  const auto with_end = so_far + log_p(source, text, kEnd);
  Hypothesis one{{text.begin() + 1, text.end()}, with_end, 0};
  one.score = with_end / std::pow((5.0 + static_cast<double>(text.size())) / 6, alpha);
  out.push_back(one);
  if (static_cast<int64_t>(text.size()) - 1 == longest) return;
  for (int64_t token = 0; token < kSymbols; ++token) {
    if (token == kEnd) continue;
    auto longer = text;
    longer.push_back(token);
    all_texts(source, longer, so_far + log_p(source, text, token), longest, alpha, out);
  }
}

TEST(Search, ABeamAsWideAsTheSpaceIsExhaustive) {
  for (const double alpha : {0.0, 0.6, 1.0, 3.0}) {
    for (const int64_t source : {0, 1, 2}) {
      std::vector<Hypothesis> all;
      all_texts(source, {kBegin}, 0, 4, alpha, all);
      ASSERT_EQ(all.size(), 341u);  // 1 + 4 + 16 + 64 + 256
      std::stable_sort(all.begin(), all.end(),
                       [](const auto& a, const auto& b) { return a.score > b.score; });
      Table table(1, 341, source);
      const auto found = beam_search(table.model(), task_of({4}),
                                     {.beam = 341, .nbest = 20, .length_penalty = alpha});
      ASSERT_EQ(found[0].size(), 20u);
      for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(found[0][i].ids, all[i].ids) << alpha << " " << i;
        EXPECT_NEAR(found[0][i].score, all[i].score, 1e-12);
        EXPECT_NEAR(found[0][i].log_probability, all[i].log_probability, 1e-12);
      }
    }
  }
}

TEST(Search, ABeamOfOneIsGreedy) {
  const std::vector<int64_t> longest(12, 30);
  Table one(12, 1), other(12, 1);
  const auto beam = beam_search(one.model(), task_of(longest), {.beam = 1});
  const auto greedy = greedy_search(other.model(), task_of(longest));
  for (std::size_t s = 0; s < longest.size(); ++s) {
    EXPECT_EQ(beam[s][0].ids, greedy[s].ids);
    EXPECT_NEAR(beam[s][0].log_probability, greedy[s].log_probability, 1e-12);
  }
}

TEST(Search, ABatchIsOneByOne) {
  const std::vector<int64_t> longest = {3, 9, 5, 0, 20};
  Table beams(5, 4), rows(5, 1), draws(5, 1);
  const BeamOptions options{.beam = 4, .nbest = 4};
  const Sampling sampling{.keep = {.top_p = 0.9}, .seed = 3};
  const auto together = beam_search(beams.model(), task_of(longest), options);
  const auto greedy = greedy_search(rows.model(), task_of(longest));
  const auto drawn = draw_texts(draws.model(), task_of(longest), sampling, {10, 11, 12, 13, 14});
  for (int64_t s = 0; s < 5; ++s) {
    const auto at = static_cast<std::size_t>(s);
    const auto task = task_of({longest[at]});
    Table beam(1, 4, s), row(1, 1, s), draw(1, 1, s);
    const auto alone = beam_search(beam.model(), task, options)[0];
    ASSERT_EQ(together[at].size(), alone.size());
    for (std::size_t i = 0; i < alone.size(); ++i) {
      EXPECT_EQ(together[at][i].ids, alone[i].ids);
      EXPECT_LE(static_cast<int64_t>(alone[i].ids.size()), longest[at]);
    }
    EXPECT_EQ(greedy[at].ids, greedy_search(row.model(), task)[0].ids);
    EXPECT_EQ(drawn[at].ids, draw_texts(draw.model(), task, sampling, {10 + s})[0].ids);
  }
}

TEST(Search, FinishedSourcesLeaveTheBatch) {
  Table table(40, 1);
  const auto texts = greedy_search(table.model(), task_of(std::vector<int64_t>(40, 50)));
  int64_t steps = 0;
  for (const auto& text : texts) steps += static_cast<int64_t>(text.ids.size()) + 1;
  EXPECT_EQ(table.row_steps, steps);
}

TEST(Search, ALengthPenaltyPrefersLongerTexts) {
  const std::vector<int64_t> longest(30, 12);
  const auto length = [&](double alpha) {
    Table table(30, 6);
    double sum = 0;
    for (const auto& best :
         beam_search(table.model(), task_of(longest), {.beam = 6, .length_penalty = alpha}))
      sum += static_cast<double>(best[0].ids.size());
    return sum;
  };
  EXPECT_LT(length(0), length(2));
}

TEST(Search, WhatTruncationKeepsHasItsShareAnew) {
  std::vector<double> logits;
  for (const double p : {.1, .4, .05, .3, .15}) logits.push_back(std::log(p));
  for (const Truncation& keep : {Truncation{.top_p = .8}, Truncation{.min_p = .3},
                                 Truncation{.top_k = 4, .top_p = .8, .min_p = .01}}) {
    const auto kept = kept_tokens(logits.data(), 5, 1, keep);
    ASSERT_EQ(kept.size(), 3u);
    EXPECT_EQ(kept[0].first, 1);
    EXPECT_EQ(kept[1].first, 3);
    EXPECT_EQ(kept[2].first, 4);
    EXPECT_NEAR(kept[0].second, .4 / .85, 1e-12);
    EXPECT_NEAR(kept[1].second, .3 / .85, 1e-12);
    EXPECT_NEAR(kept[2].second, .15 / .85, 1e-12);
  }
  EXPECT_EQ(kept_tokens(logits.data(), 5, 1, {}).size(), 5u);
  EXPECT_EQ(kept_tokens(logits.data(), 5, 1, {.top_p = 1e-9}).size(), 1u);
  EXPECT_EQ(kept_tokens(logits.data(), 5, 1, {.min_p = 1}).size(), 1u);
}

TEST(Search, DrawsFollowTheKeptProbabilities) {
  std::vector<double> logits;
  for (const double p : {.4, .3, .15, .1, .05}) logits.push_back(std::log(p));
  Random random(5, RandomStream::kTest);
  std::map<int32_t, int> counts;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) ++counts[draw_token(logits.data(), 5, 1, {.top_p = .8}, random)];
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_NEAR(counts[0] / double{kDraws}, .4706, .015);
  EXPECT_NEAR(counts[2] / double{kDraws}, .1765, .015);
}

TEST(Search, NumbersOutOfRangeAndLogitsThatAreNoneAreRefused) {
  EXPECT_EQ(harness::message([] { check(Truncation{.top_p = 0}, "translate"); }),
            "translate: a top-p above 0 and at most 1 was expected, and 0 came");
  EXPECT_EQ(harness::message([] { check(Truncation{.min_p = 1.5}, "translate"); }),
            "translate: a min-p from 0 to 1 was expected, and 1.5 came");
  const SearchModel broken{[](const Tensor& ids) {
                             return at::full({ids.size(0), kSymbols}, std::nan(""));
                           },
                           [](const Tensor&) {}};
  EXPECT_THROW(greedy_search(broken, task_of({3})), std::runtime_error);
  EXPECT_THROW(beam_search(broken, task_of({3}), {.beam = 2}), std::runtime_error);
  EXPECT_THROW(draw_texts(broken, task_of({3}), {}, {0}), std::runtime_error);
}

}  // namespace
}  // namespace regard::models
