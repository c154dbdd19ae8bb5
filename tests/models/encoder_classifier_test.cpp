// The encoder classifier: loss, pooling that padding cannot reach, parameters, maps.
#include "regard/models/kinds/encoder_classifier.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/message.hpp"
#include "models/fixture.hpp"

namespace regard::models {
namespace {

ModelSpec spec_of(const std::string& pooling) {
  auto spec = small_spec("encoder_classifier");
  spec.pooling = pooling;
  return spec;
}

std::shared_ptr<EncoderClassifier> model(const ModelSpec& spec, const std::string& phrase) {
  auto made = std::make_shared<EncoderClassifier>(spec, small_shape(), phrases({phrase}), 1);
  made->eval();
  return made;
}

TEST(EncoderClassifier, PaddingChangesNothing) {
  for (const char* pooling : {"mean", "cls", "attention"}) {
    for (const char* phrase : {"softmax", "hrr", "linear", "mean", "off", "window(width=3)"}) {
      const auto m = model(spec_of(pooling), phrase);
      const auto tokens = ids(1, 7);
      const auto padded = at::cat({tokens, ids(1, 9)}, 1);
      const auto both = at::cat({padded, ids(1, 16)}, 0);
      const auto expected = m->logits(batch_of(tokens));
      EXPECT_LE(
          harness::relative(m->logits(batch_of(padded, at::tensor({7}, torch::kLong))), expected),
          1e-5)
          << pooling << phrase;
      // Nor does the company in the batch.
      EXPECT_LE(harness::relative(
                    m->logits(batch_of(both, at::tensor({7, 16}, torch::kLong))).slice(0, 0, 1),
                    expected),
                1e-5)
          << pooling << phrase;
    }
  }
}

TEST(EncoderClassifier, AnEmptyRowIsFiniteAndForgetsItsPadding) {
  for (const char* pooling : {"mean", "cls", "attention"}) {
    const auto m = model(spec_of(pooling), "softmax");
    const auto lengths = at::tensor({5, 0}, torch::kLong);
    const auto a = m->logits(batch_of(ids(2, 5), lengths));
    const auto b = m->logits(batch_of(ids(2, 5).add(1).remainder(11), lengths));
    EXPECT_TRUE(a.isfinite().all().item<bool>()) << pooling;
    EXPECT_TRUE(at::equal(a[1], b[1])) << pooling;
  }
}

TEST(EncoderClassifier, PoolsAsItSays) {
  const auto tokens = ids(2, 6);
  const auto lengths = at::tensor({6, 3}, torch::kLong);
  const auto mean = model(spec_of("mean"), "softmax");
  const auto x = mean->trunk().forward(tokens, lengths);
  const auto p = mean->named_parameters();
  const auto pooled = at::stack({x[0].mean(0), x[1].slice(0, 0, 3).mean(0)});
  EXPECT_LE(harness::relative(mean->logits(batch_of(tokens, lengths)),
                              at::linear(pooled, p["head.weight"], p["head.bias"])),
            1e-6);
  const auto padded = model(spec_of("mean_padded"), "softmax");
  const auto z = padded->trunk().forward(tokens, lengths);
  const auto s = padded->named_parameters();
  EXPECT_LE(harness::relative(padded->logits(batch_of(tokens, lengths)),
                              at::linear(z.mean(1), s["head.weight"], s["head.bias"])),
            1e-6);
  EXPECT_GT(harness::relative(padded->logits(batch_of(tokens, lengths))[1],
                              mean->logits(batch_of(tokens, lengths))[1]),
            1e-3);
  EXPECT_LE(harness::relative(padded->logits(batch_of(tokens)), mean->logits(batch_of(tokens))),
            1e-6);
  const auto attention = model(spec_of("attention"), "softmax");
  const auto y = attention->trunk().forward(tokens, {});
  const auto r = attention->named_parameters();
  const auto weights = at::softmax(at::linear(y, r["pool.weight"], r["pool.bias"]), 1);
  EXPECT_LE(harness::relative(attention->logits(batch_of(tokens)),
                              at::linear((weights * y).sum(1), r["head.weight"], r["head.bias"])),
            1e-6);
}

// One row of one length, whatever stands beside it: with a fixed T padding is part of the example,
// and nothing else is.
TEST(EncoderClassifier, MeanOverPaddingKnowsNoCompany) {
  for (const char* phrase : {"softmax", "hrr", "hrr(mode=paper)"}) {
    const auto m = model(spec_of("mean_padded"), phrase);
    const auto tokens = ids(3, 12);
    const auto lengths = at::tensor({4, 12, 7}, torch::kLong);
    const auto all = m->logits(batch_of(tokens, lengths));
    const auto one = m->logits(batch_of(tokens.slice(0, 2, 3), lengths.slice(0, 2, 3)));
    EXPECT_LE(harness::relative(all.slice(0, 2, 3), one), 1e-5) << phrase;
    const auto wider = at::cat({tokens, at::zeros({3, 5}, torch::kLong)}, 1);
    EXPECT_GT(harness::relative(m->logits(batch_of(wider, lengths)), all), 1e-3) << phrase;
  }
}

TEST(EncoderClassifier, LossIsTheMeanNegativeLogarithm) {
  auto spec = spec_of("mean");
  for (const double smoothing : {0.0, 0.1}) {
    spec.label_smoothing = smoothing;
    const auto m = model(spec, "softmax");
    const auto batch = batch_of(ids(4, 6), {}, at::tensor({0, 2, 1, 1}, torch::kLong));
    const auto logits = m->logits(batch).to(torch::kDouble);
    double loss = 0, plain = 0, right = 0;
    for (int64_t b = 0; b < 4; ++b) {
      const auto log_p = logits[b] - std::log(logits[b].exp().sum().item<double>());
      const auto target = batch.targets[b].item<int64_t>();
      plain -= log_p[target].item<double>();
      loss -=
          (1 - smoothing) * log_p[target].item<double>() + smoothing * log_p.mean().item<double>();
      right += log_p.argmax().item<int64_t>() == target;
    }
    EXPECT_NEAR(m->loss(batch).main.item<double>(), loss / 4, 1e-6);
    const auto score = m->score(batch).sums;  // never smoothed
    EXPECT_NEAR(score[0].item<double>(), plain, 1e-5);
    EXPECT_EQ(score[1].item<double>(), right);
    EXPECT_EQ(score[2].item<double>(), 4);
    EXPECT_TRUE(at::allclose(score.slice(0, 3), at::cat({logits.sum(0), logits.square().sum(0)})));
  }
}

TEST(EncoderClassifier, ParametersAreCountedByFormula) {
  const auto base = parameter_count(*model(spec_of("mean"), "softmax"));
  const int64_t h = 16, f = 64,
                trunk = 11 * h + 24 * h + 2 * (4 * (h * h + h) + 2 * h * f + f + h + 4 * h) + 2 * h;
  EXPECT_EQ(base, trunk + 3 * h + 3);
  EXPECT_EQ(parameter_count(*model(spec_of("attention"), "softmax")), base + h + 1);
  EXPECT_EQ(parameter_count(*model(spec_of("cls"), "softmax")), base + 2 * h);
  auto hidden = spec_of("mean");
  hidden.head_hidden = 10;
  EXPECT_EQ(parameter_count(*model(hidden, "softmax")), trunk + (h * 10 + 10) + (3 * 10 + 3));
}

TEST(EncoderClassifier, ReadsValuesToo) {
  EncoderClassifier m(spec_of("mean"), {.input = {.channels = 5}, .classes = 4, .max_length = 24},
                      phrases({"softmax"}), 1);
  const auto logits = m.logits(batch_of(harness::random({2, 6, 5}, 1).to(torch::kFloat)));
  EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 4}));
}

TEST(EncoderClassifier, MapsHaveTheSizeOfTheExample) {
  for (const char* pooling : {"mean", "cls"}) {
    const auto m = model(spec_of(pooling), "softmax");
    const auto maps = m->maps(batch_of(ids(2, 12), at::tensor({5, 12}, torch::kLong)));
    ASSERT_EQ(maps.size(), 2u);
    const int64_t positions = std::string(pooling) == "cls" ? 6 : 5;
    for (const auto& map : maps) {
      EXPECT_EQ(map.map.values.sizes(), (std::vector<int64_t>{1, 2, positions, positions}));
      EXPECT_LE((map.map.values.sum(-1) - 1).abs().max().item<double>(), 1e-6);
    }
  }
}

TEST(EncoderClassifier, GradientsReachEveryParameter) {
  for (const char* pooling : {"mean", "mean_padded", "cls", "attention"}) {
    for (const char* phrase : {"softmax", "hrr", "hrr(mode=paper)", "linear", "mean", "off"}) {
      const auto m = model(spec_of(pooling), phrase);
      m->loss(batch_of(ids(4, 6), at::tensor({6, 2, 5, 1}, torch::kLong),
                       at::tensor({0, 2, 1, 1}, torch::kLong)))
          .main.backward();
      for (const auto& item : m->named_parameters()) {
        ASSERT_TRUE(item.value().grad().defined()) << phrase << item.key();
        EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << phrase << item.key();
      }
    }
  }
}

TEST(EncoderClassifier, OneClassIsRefused) {
  EXPECT_EQ(harness::message([] {
              EncoderClassifier(spec_of("mean"),
                                {.input = {.vocabulary = 3}, .classes = 1, .max_length = 4},
                                phrases({"softmax"}), 1);
            }),
            "encoder_classifier: at least 2 classes were expected, and 1 came");
}

}  // namespace
}  // namespace regard::models
