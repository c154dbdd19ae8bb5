#include "regard/models/kinds/sequence_labeller.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "harness/message.hpp"

namespace regard::models {
namespace {

std::shared_ptr<Model> labeller(const std::string& phrase) {
  return make_model(small_spec("sequence_labeller"), small_shape(), phrases({phrase}), 3);
}

/// Two sentences of 6 and 3 tokens.
nn::Batch tagged() {
  auto targets = ids(2, 6).remainder(3).clone();
  targets[1].narrow(0, 3, 3).fill_(-1);
  return batch_of(ids(2, 6), at::tensor({6, 3}, torch::kLong), targets);
}

TEST(SequenceLabeller, LossAndScoreCountTokensThatAreThere) {
  const auto m = labeller("softmax");
  const auto batch = tagged();
  const auto p = at::log_softmax(m->logits(batch), 2);
  ASSERT_EQ(p.sizes(), (std::vector<int64_t>{2, 6, 3}));
  double sum = 0, right = 0, second = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t t = 0; t < (b == 0 ? 6 : 3); ++t) {
      const auto target = batch.targets[b][t].item<int64_t>();
      sum -= p[b][t][target].item<double>();
      if (b == 1) second -= p[b][t][target].item<double>();
      right += p[b][t].argmax().item<int64_t>() == target ? 1 : 0;
    }
  }
  const auto loss = m->loss(batch, nn::Detail::kExamples);
  EXPECT_NEAR(loss.main.item<double>(), sum / 9, 1e-6);
  EXPECT_NEAR(loss.examples[1].item<double>(), second / 3, 1e-6);
  const auto score = m->score(batch);
  EXPECT_NEAR(score.sums[0].item<double>(), sum, 1e-5);
  EXPECT_EQ(score.sums[1].item<double>(), right);
  EXPECT_EQ(score.sums[2].item<double>(), 9);
  EXPECT_TRUE(at::equal(score.predicted, p.argmax(2)));
}

TEST(SequenceLabeller, PaddingChangesNothing) {
  for (const char* phrase : {"softmax", "hrr", "window(width=2)+linear", "off"}) {
    const auto m = labeller(phrase);
    m->eval();
    const auto both = m->logits(tagged());
    const auto alone = m->logits(batch_of(ids(2, 6)[1].narrow(0, 0, 3).unsqueeze(0)));
    EXPECT_LE((both[1].narrow(0, 0, 3) - alone[0]).abs().max().item<double>(), 1e-5) << phrase;
  }
}

TEST(SequenceLabeller, SeesBothSides) {
  const auto m = labeller("softmax");
  m->eval();
  auto changed = ids(1, 6).clone();
  changed[0][5] = (changed[0][5] + 1) % 11;
  const auto a = m->logits(batch_of(ids(1, 6))), b = m->logits(batch_of(changed));
  EXPECT_GT((a[0][0] - b[0][0]).abs().max().item<double>(), 1e-6);
}

TEST(SequenceLabeller, GradientsReachEveryParameter) {
  for (const char* phrase : {"softmax", "hrr", "mean", "off"}) {
    const auto m = labeller(phrase);
    m->loss(tagged()).main.backward();
    for (const auto& item : m->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << phrase << item.key();
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << phrase << item.key();
    }
  }
}

TEST(SequenceLabeller, OneClassIsRefused) {
  auto shape = small_shape();
  shape.classes = 1;
  EXPECT_EQ(harness::message([&] {
              make_model(small_spec("sequence_labeller"), shape, phrases({"softmax"}), 1);
            }),
            "sequence_labeller: at least 2 classes were expected, and 1 came");
}

}  // namespace
}  // namespace regard::models
