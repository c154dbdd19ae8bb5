// What an evaluation tells beside the means.
#include "regard/train/learner.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "regard/base/error.hpp"

namespace regard::train {
namespace {

/// Numbers of a made table, as the only logits of two classes.
class TableLearner : public Learner {
 public:
  explicit TableLearner(torch::Tensor logits) : logits_(std::move(logits)) {}
  NamedTensors parameters() override { return {}; }
  nn::Loss loss(const nn::Batch&) override { return torch::zeros({}); }
  nn::BatchScore score(const nn::Batch& batch) override {
    const auto out = logits_.slice(0, batch.rows, batch.rows + 2);
    return torch::cat(
        {torch::tensor({0.0, 0.0, 2.0}, torch::kDouble), out.sum(0), out.square().sum(0)});
  }

 private:
  torch::Tensor logits_;
};

TEST(Evaluation, TellsHowFarTheLogitsVaryOverAllBatches) {
  const auto logits =
      torch::tensor({{1.0, 5.0}, {3.0, 5.0}, {2.0, 5.5}, {6.0, 4.5}}, torch::kDouble);
  const Evaluation data{[](int64_t i) {
                          nn::Batch batch;
                          batch.rows = 2 * i;
                          return batch;
                        },
                        2};
  TableLearner varied(logits), same(torch::full({4, 2}, 7.0, torch::kDouble));
  EXPECT_NEAR(evaluate(varied, data).logit_deviation,
              logits.std(0, /*unbiased=*/false).max().item<double>(), 1e-14);
  EXPECT_FALSE(same_answer(evaluate(varied, data).logit_deviation));
  EXPECT_EQ(evaluate(same, data).logit_deviation, 0);
  EXPECT_TRUE(same_answer(evaluate(same, data).logit_deviation));
  const Evaluation none{[](int64_t) { return nn::Batch(); }, 0};
  EXPECT_THROW(evaluate(same, none), InputError);
  EXPECT_FALSE(same_answer(std::nan("")));  // a model without classes
}

/// Predicts the rows of a table; measures their mean difference to the targets, too.
class Predicting : public Learner {
 public:
  NamedTensors parameters() override { return {}; }
  nn::Loss loss(const nn::Batch&) override { return torch::zeros({}); }
  nn::BatchScore score(const nn::Batch& batch) override {
    return {torch::tensor({1.0, 1.0, 2.0}, torch::kDouble), batch.inputs};
  }
  std::vector<metrics::Metric> metrics() const override {
    return {{"gap", false, false}, {"accuracy"}, {"loss", false, false}};
  }
  std::vector<double> scores(const metrics::Predictions& p) const override {
    given = p;
    return {0.25};
  }
  mutable metrics::Predictions given;
};

TEST(Evaluation, GathersAllPredictionsWithTheirTruth) {
  Predicting learner;
  const Evaluation data{[](int64_t i) {
                          nn::Batch batch;
                          batch.inputs = torch::arange(4).view({2, 2}) + 10 * i;
                          batch.targets = torch::tensor({{1, 2}, {3, -1}}) + (i == 0 ? 0 : 5);
                          return batch;
                        },
                        2};
  const auto score = evaluate(learner, data);
  EXPECT_EQ(score.of("gap"), 0.25);
  EXPECT_EQ(score.of("loss"), 0.5);
  EXPECT_EQ(learner.given.predicted, (std::vector<double>{0, 1, 2, 10, 11, 12, 13}));
  EXPECT_EQ(learner.given.truth, (std::vector<double>{1, 2, 3, 6, 7, 8, 4}));
  EXPECT_EQ(learner.given.ends, (std::vector<int64_t>{2, 3, 5, 7}));
  EXPECT_THROW(score.of("f1"), InputError);
}

class OneExample : public Learner {
 public:
  NamedTensors parameters() override { return {}; }
  nn::Loss loss(const nn::Batch&) override { return torch::zeros({}); }
  nn::BatchScore score(const nn::Batch&) override {
    return torch::tensor({0.5, 1.0, 1.0, 2.0, 3.0, 4.0, 9.0}, torch::kDouble);
  }
};

TEST(Evaluation, OneExampleSaysNothingAboutSpread) {
  OneExample learner;
  const Evaluation data{[](int64_t) { return nn::Batch(); }, 1};
  EXPECT_TRUE(std::isnan(evaluate(learner, data).logit_deviation));
}

}  // namespace
}  // namespace regard::train
