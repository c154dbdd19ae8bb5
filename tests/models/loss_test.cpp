// What a model's loss is made of: the mean, the loss of each example, and what layers add on the
// way.
#include <gtest/gtest.h>

#include "fixture.hpp"
#include "regard/models/kinds/pair_classifier.hpp"

namespace regard::models {
namespace {

/// A classifier whose pooling adds a loss, and one that waits for the loss of each row.
class Adding : public Classifier {
 public:
  Adding() : Classifier("adding", small_spec(""), small_shape(), phrases({"softmax"}), 1, 16) {}
  Tensor compute(const nn::Batch& batch) override {
    const auto x = pooled(batch);
    attention::add_loss("size", 0.5 * x.square().mean());
    attention::add_loss("policy", [this, x](const Tensor& losses) {
      given = losses;
      return (losses * x.select(1, 0)).mean();
    });
    return classify(x);
  }
  Tensor given;
};

nn::Batch labelled(const Tensor& inputs) {
  return batch_of(inputs, {}, at::tensor({0, 2, 1, 1}, torch::kLong));
}

TEST(Loss, OfEachExampleAveragesToTheMean) {
  const auto m =
      make_model(small_spec("encoder_classifier"), small_shape(), phrases({"softmax"}), 3);
  const auto loss = m->loss(labelled(ids(4, 6)), nn::Detail::kExamples);
  ASSERT_EQ(loss.examples.sizes(), (std::vector<int64_t>{4}));
  EXPECT_NEAR(loss.examples.mean().item<double>(), loss.main.item<double>(), 1e-6);
  EXPECT_TRUE(loss.total().is_same(loss.main)) << "nothing is added where no layer adds a loss";
  const auto out = m->logits(labelled(ids(4, 6)));
  EXPECT_NEAR(loss.examples[1].item<double>(), -at::log_softmax(out, 1)[1][2].item<double>(), 1e-6);
  EXPECT_FALSE(m->loss(labelled(ids(4, 6))).examples.defined());
}

TEST(Loss, OfAWindowIsTheMeanOverItsTargets) {
  const auto m = make_model(small_spec("language_model"), small_shape(), phrases({"softmax"}), 3);
  auto targets = ids(2, 6).clone();
  targets[1].narrow(0, 2, 4).fill_(-1);
  const auto batch = batch_of(ids(2, 6), at::tensor({6, 2}, torch::kLong), targets);
  const auto loss = m->loss(batch, nn::Detail::kExamples);
  const auto p = -at::log_softmax(m->logits(batch), 2);
  double two = 0, all = 0;
  for (int64_t t = 0; t < 6; ++t) {
    const auto one = p[0][t][targets[0][t].item<int64_t>()].item<double>();
    all += one;
  }
  for (int64_t t = 0; t < 2; ++t) two += p[1][t][targets[1][t].item<int64_t>()].item<double>();
  EXPECT_NEAR(loss.examples[0].item<double>(), all / 6, 1e-6);
  EXPECT_NEAR(loss.examples[1].item<double>(), two / 2, 1e-6);
  EXPECT_NEAR(loss.main.item<double>(), (all + two) / 8, 1e-6);
}

TEST(Loss, CollectsWhatLayersAddAndGivesThemTheLossOfEachRow) {
  Adding m;
  const auto batch = labelled(ids(4, 6));
  const auto loss = m.loss(batch);
  ASSERT_EQ(loss.auxiliary.size(), 2u);
  EXPECT_EQ(loss.auxiliary[0].first, "size");
  EXPECT_EQ(loss.auxiliary[1].first, "policy");
  EXPECT_TRUE(at::equal(m.given, loss.examples));
  EXPECT_FALSE(m.given.requires_grad());
  const double sum = loss.main.item<double>() + loss.auxiliary[0].second.item<double>() +
                     loss.auxiliary[1].second.item<double>();
  EXPECT_NEAR(loss.total().item<double>(), sum, 1e-6);
  loss.total().backward();
  EXPECT_TRUE(m.trunk().embedding().table().grad().defined());
  EXPECT_FALSE(attention::collects_losses());
}

TEST(Loss, BothTextsOfAPairAreGivenItsLoss) {
  class AddingPairs : public Classifier {
   public:
    AddingPairs()
        : Classifier("pairs", small_spec(""), small_shape(), phrases({"softmax"}), 1, 32) {}
    Tensor compute(const nn::Batch& batch) override {
      const auto x = pooled(batch);
      attention::add_loss("policy", [this](const Tensor& losses) {
        given = losses;
        return losses.mean();
      });
      return classify(at::cat({x.slice(0, 0, 8, 2), x.slice(0, 1, 8, 2)}, 1));
    }
    Tensor given;
  } m;
  const auto loss = m.loss(labelled(ids(8, 6)));
  ASSERT_EQ(m.given.size(0), 8);
  EXPECT_TRUE(at::equal(m.given.slice(0, 0, 8, 2), loss.examples));
  EXPECT_TRUE(at::equal(m.given.slice(0, 1, 8, 2), loss.examples));
}

}  // namespace
}  // namespace regard::models
