// The pair classifier: what its head sees, which text padding and company reach, and its refusals.
#include "regard/models/kinds/pair_classifier.hpp"

#include <gtest/gtest.h>

#include "harness/message.hpp"
#include "models/fixture.hpp"

namespace regard::models {
namespace {

std::shared_ptr<PairClassifier> model(const std::string& phrase,
                                      const std::string& pooling = "mean", int64_t hidden = 0) {
  auto spec = small_spec("pair_classifier");
  spec.pooling = pooling;
  spec.head_hidden = hidden;
  auto made = std::make_shared<PairClassifier>(spec, small_shape(), phrases({phrase}), 1);
  made->eval();
  return made;
}

TEST(PairClassifier, TheHeadSeesBothTextsTheirProductAndDifference) {
  const auto m = model("softmax");
  const auto tokens = ids(6, 7);  // three pairs
  const auto x = m->trunk().forward(tokens, {}).mean(1);
  const auto p = m->named_parameters();
  EXPECT_EQ(p["head.weight"].sizes(), (at::IntArrayRef{3, 64}));
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < 3; ++i) {
    const auto a = x[2 * i], b = x[2 * i + 1];
    rows.push_back(at::linear(at::cat({a, b, a * b, a - b}), p["head.weight"], p["head.bias"]));
  }
  const auto logits = m->logits(batch_of(tokens));
  EXPECT_EQ(logits.sizes(), (at::IntArrayRef{3, 3}));
  EXPECT_LE(harness::relative(logits, at::stack(rows)), 1e-5);
}

TEST(PairClassifier, OrderMattersAndTheEncoderIsShared) {
  const auto m = model("hrr", "mean", 12);
  const auto tokens = ids(2, 9);
  const auto swapped = m->logits(batch_of(tokens.flip(0)));
  EXPECT_GT(harness::relative(swapped, m->logits(batch_of(tokens))), 1e-3);
  // A pair of one text twice: whichever stands first.
  const auto twice = at::cat({tokens.slice(0, 0, 1), tokens.slice(0, 0, 1)}, 0);
  EXPECT_TRUE(at::equal(m->logits(batch_of(twice)), m->logits(batch_of(twice.flip(0)))));
}

TEST(PairClassifier, PaddingAndCompanyChangeNothing) {
  for (const char* pooling : {"mean", "cls", "attention"}) {
    const auto m = model("hrr", pooling);
    const auto tokens = ids(2, 7);
    const auto expected = m->logits(batch_of(tokens));
    const auto padded = at::cat({at::cat({tokens, ids(2, 4)}, 1), ids(2, 11)}, 0);
    const auto lengths = at::tensor({7, 7, 11, 3}, torch::kLong);
    EXPECT_LE(harness::relative(m->logits(batch_of(padded, lengths)).slice(0, 0, 1), expected),
              1e-5)
        << pooling;
  }
}

TEST(PairClassifier, LossReachesTheEncoderAndScoreCountsPairs) {
  const auto m = model("hrr");
  const auto batch = batch_of(ids(8, 6), {}, at::tensor({0, 2, 1, 1}, torch::kLong));
  m->loss(batch).main.backward();
  for (const auto& item : m->named_parameters())
    EXPECT_GT(item.value().grad().abs().sum().item<double>(), 0) << item.key();
  EXPECT_EQ(m->score(batch).sums[2].item<double>(), 4);
}

TEST(PairClassifier, Refusals) {
  EXPECT_TRUE(harness::message([&] {
                model("softmax")->logits(batch_of(ids(3, 5)));
              }).find("two rows for each pair were expected, and 3 rows came") !=
              std::string::npos);
  auto shape = small_shape();
  shape.classes = 1;
  EXPECT_THROW(PairClassifier(small_spec("pair_classifier"), shape, phrases({"hrr"}), 1),
               InputError);
}

}  // namespace
}  // namespace regard::models
