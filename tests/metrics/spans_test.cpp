#include "regard/metrics/spans.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "made.hpp"

namespace regard::metrics {
namespace {

using Labels = std::vector<std::string>;

TEST(Spans, BeginAndEndAsInConlleval) {
  EXPECT_EQ(spans({"B-PER", "I-PER", "O", "B-LOC"}),
            (std::vector<Span>{{"PER", 0, 1}, {"LOC", 3, 3}}));
  EXPECT_EQ(spans({"O", "I-ORG", "I-ORG", "O", "B-PER"}),
            (std::vector<Span>{{"ORG", 1, 2}, {"PER", 4, 4}}))
      << "an I begins a span where none stands before it";
  EXPECT_EQ(spans({"B-LOC", "B-LOC", "I-PER"}),
            (std::vector<Span>{{"LOC", 0, 0}, {"LOC", 1, 1}, {"PER", 2, 2}}));
  EXPECT_EQ(spans({"S-A", "O", "B-A", "E-A", "I-A"}),
            (std::vector<Span>{{"A", 0, 0}, {"A", 2, 3}, {"A", 4, 4}}));
  EXPECT_EQ(spans({"B-B", "E-B", "E-B", "S-A"}),
            (std::vector<Span>{{"B", 0, 1}, {"B", 2, 2}, {"A", 3, 3}}));
  EXPECT_TRUE(spans({"O", "O"}).empty());
  EXPECT_TRUE(spans({}).empty());
}

TEST(Spans, AreKnownByTheirLabels) {
  EXPECT_TRUE(mark_spans({"B-PER", "I-PER", "O"}));
  EXPECT_TRUE(mark_spans({"O", "S-X"}));
  EXPECT_FALSE(mark_spans({"DET", "NOUN", "O"}));
  EXPECT_FALSE(mark_spans({"O"}));
  EXPECT_FALSE(mark_spans({"O", "I-PER"}));
  EXPECT_FALSE(mark_spans({"B-PER", "B", "O"}));
}

/// Sentences of names as indices of the names that occur.
double f1_of(const std::vector<Labels>& truth, const std::vector<Labels>& predicted) {
  Labels names;
  Predictions p;
  const auto index = [&](const std::string& name) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found != names.end()) return static_cast<double>(found - names.begin());
    names.push_back(name);
    return static_cast<double>(names.size() - 1);
  };
  for (std::size_t s = 0; s < truth.size(); ++s) {
    for (const auto& name : truth[s]) p.truth.push_back(index(name));
    for (const auto& name : predicted[s]) p.predicted.push_back(index(name));
    p.ends.push_back(static_cast<int64_t>(p.truth.size()));
  }
  return span_f1(p, names);
}

TEST(SpanF1, IsThatOfSeqeval) {
  // f1_score of seqeval 1.2.2.
  EXPECT_NEAR(f1_of({{"B-PER", "I-PER", "O", "B-LOC"},
                     {"O", "I-ORG", "I-ORG", "O", "B-PER"},
                     {"B-LOC", "B-LOC", "I-PER"}},
                    {{"B-PER", "I-PER", "O", "I-LOC"},
                     {"O", "B-ORG", "O", "O", "B-PER"},
                     {"B-LOC", "I-LOC", "I-PER"}}),
              0.6153846153846153, 1e-15);
  EXPECT_NEAR(f1_of({{"S-A", "O", "B-A", "I-A", "E-A"}, {"B-B", "E-B", "E-B", "S-A"}},
                    {{"S-A", "O", "B-A", "E-A", "I-A"}, {"B-B", "I-B", "E-B", "S-A"}}),
              0.4, 1e-15);
  EXPECT_NEAR(span_f1(made_predictions(), made_labels()), 0.701098901098901, 1e-14);
}

TEST(SpanF1, ASpanDoesNotCrossSentences) {
  EXPECT_EQ(f1_of({{"B-X"}, {"I-X"}}, {{"B-X"}, {"I-X"}}), 1);
  EXPECT_EQ(f1_of({{"B-X", "I-X"}}, {{"B-X", "O"}}), 0);
  EXPECT_EQ(f1_of({{"O"}}, {{"O"}}), 0);
}

}  // namespace
}  // namespace regard::metrics
