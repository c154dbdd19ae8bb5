// The decoder language model: loss, causality, and generation that equals full recomputation.
#include "regard/models/kinds/language_model.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/message.hpp"
#include "models/fixture.hpp"

namespace regard::models {
namespace {

std::shared_ptr<LanguageModel> language_model(const std::vector<std::string>& texts,
                                              const std::string& positions = "learned",
                                              bool tie = true) {
  auto spec = small_spec("language_model");
  spec.trunk.positions = positions;
  spec.tie = tie;
  auto made = std::make_shared<LanguageModel>(spec, small_shape(), phrases(texts), 1);
  made->eval();
  return made;
}

void expect_generation_equals_recomputation(LanguageModel& m) {
  const torch::NoGradGuard guard;
  const auto tokens = ids(2, 20);
  const auto all = m.logits(batch_of(tokens));  // (B, T, V)
  auto state = m.start();
  for (int64_t t = 0; t < 20; ++t) {
    const auto next = m.step(tokens.narrow(1, t, 1), state);
    ASSERT_EQ(next.sizes(), (std::vector<int64_t>{2, 11}));
    EXPECT_LE(harness::relative(next, all.select(1, t)), 1e-5) << "position " << t;
  }
}

TEST(Generation, EqualsFullRecomputation) {
  for (const char* phrase : {"softmax",
                             "causal",
                             "window(width=3)",
                             "window(width=3,global=2)",
                             "linear",
                             "window(width=4)+linear",
                             "hrr",
                             "hrr(scale=time)",
                             "hrr(unbind=unit)",
                             "window(width=3)+hrr",
                             "window(width=3,global=1)+hrr(scale=time)",
                             "mean",
                             "window(width=3)+mean",
                             "off",
                             "sigmoid",
                             "window(width=3)+sigmoid",
                             "shared",
                             "shared(form=plain)",
                             "shared+window(width=3)",
                             "shared+hrr",
                             "shared+linear",
                             "shared+mean",
                             "symmetric",
                             "pairwise",
                             "pairwise+linear",
                             "keyvalue",
                             "keyvalue+window(width=3)"}) {
    for (const char* positions : {"learned", "sinusoidal", "rotary", "none"}) {
      SCOPED_TRACE(std::string(phrase) + ", " + positions);
      expect_generation_equals_recomputation(*language_model({phrase}, positions));
    }
  }
  for (const char* phrase : {"softmax", "window(width=3)", "window(width=3,global=2)", "shared",
                             "symmetric", "pairwise", "keyvalue"}) {
    SCOPED_TRACE(std::string(phrase) + ", alibi");
    expect_generation_equals_recomputation(*language_model({phrase}, "alibi"));
  }
  expect_generation_equals_recomputation(*language_model({"window(width=3)", "hrr"}));
  expect_generation_equals_recomputation(*language_model({"softmax", "off"}, "rotary", false));
}

TEST(Generation, SharedRowsTakeHalfTheBytes) {
  const torch::NoGradGuard guard;
  const auto bytes = [](const char* phrase) {
    const auto m = language_model({phrase}, "rotary");
    auto state = m->start();
    for (int64_t t = 0; t < 9; ++t) m->step(ids(2, 9).narrow(1, t, 1), state);
    return state.bytes();
  };
  EXPECT_GT(bytes("softmax"), 0);
  EXPECT_EQ(2 * bytes("shared"), bytes("softmax"));
  EXPECT_EQ(2 * bytes("keyvalue"), bytes("softmax"));
  EXPECT_EQ(bytes("symmetric"), bytes("softmax"));
}

TEST(LanguageModel, LossIsTheMeanNegativeLogarithmOverTargets) {
  const auto m = language_model({"softmax"});
  auto batch = batch_of(ids(2, 5), {}, ids(2, 5).roll(2, 1));
  batch.targets[1][3].fill_(-1);
  batch.targets[1][4].fill_(-1);
  const auto logits = m->logits(batch).to(torch::kDouble);
  double sum = 0, right = 0;
  for (int64_t b = 0; b < 2; ++b) {
    for (int64_t t = 0; t < 5; ++t) {
      const auto target = batch.targets[b][t].item<int64_t>();
      if (target < 0) continue;
      const auto row = logits[b][t];
      sum += std::log(row.exp().sum().item<double>()) - row[target].item<double>();
      right += row.argmax().item<int64_t>() == target;
    }
  }
  EXPECT_NEAR(m->loss(batch).main.item<double>(), sum / 8, 1e-6);
  const auto score = m->score(batch).sums;
  EXPECT_NEAR(score[0].item<double>(), sum, 1e-5);
  EXPECT_EQ(score[1].item<double>(), right);
  EXPECT_EQ(score[2].item<double>(), 8);
}

TEST(LanguageModel, LaterTokensChangeNothingBefore) {
  for (const char* phrase : {"softmax", "full", "hrr", "linear", "mean", "window(width=3)"}) {
    const auto m = language_model({phrase});
    const auto a = ids(1, 12);
    auto b = a.clone();
    b.slice(1, 7).add_(3).remainder_(11);
    const auto x = m->logits(batch_of(a)), y = m->logits(batch_of(b));
    EXPECT_TRUE(at::equal(x.slice(1, 0, 7), y.slice(1, 0, 7))) << phrase;
    EXPECT_FALSE(at::equal(x.slice(1, 7), y.slice(1, 7))) << phrase;
  }
}

TEST(LanguageModel, TiesTheTableOrHasAHead) {
  const auto tied = language_model({"softmax"}),
             untied = language_model({"softmax"}, "learned", false);
  EXPECT_EQ(parameter_count(*untied), parameter_count(*tied) + 11 * 16);
  const auto names = tied->named_parameters();
  EXPECT_FALSE(names.contains("head.weight"));
  EXPECT_TRUE(names.contains("trunk.embed.tokens"));
}

TEST(LanguageModel, MapsAreCausalWeightsOfEachLayer) {
  const auto m = language_model({"softmax", "hrr"});
  const auto maps = m->maps(batch_of(ids(3, 9)));
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0].map.values.sizes(), (std::vector<int64_t>{1, 2, 9, 9}));
  EXPECT_LE((maps[0].map.values.sum(-1) - 1).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(harness::largest(maps[0].map.values.triu(1)), 0);
  EXPECT_TRUE(maps[1].map.gate);
  EXPECT_EQ(maps[1].map.values.sizes(), (std::vector<int64_t>{1, 2, 1, 9}));
  EXPECT_GE(maps[1].map.values.min().item<double>(), std::exp(-2.0));
  EXPECT_LE(maps[1].map.values.max().item<double>(), std::exp(2.0));
}

TEST(LanguageModel, RefusesWhatItCannotDo) {
  EXPECT_EQ(
      harness::message([] { language_model({"hrr(mode=paper)"}); }),
      "phrase \"hrr(pads=in)\": hrr with pads=in sums over the whole padded sequence, which only "
      "the full graph has");
  EXPECT_EQ(harness::message([] {
              LanguageModel(small_spec("language_model"),
                            {.input = {.channels = 3}, .max_length = 4}, phrases({"softmax"}), 1);
            }),
            "language_model: tokens were expected, and the data gives values");
  const auto m = language_model({"softmax"});
  const auto long_sentence =
      "positions: the table holds 24 places, and a sequence of 25 came; raise the maximal length "
      "or "
      "take positions rotary, alibi or none";
  EXPECT_EQ(harness::message([&] { m->logits(batch_of(ids(1, 25))); }), long_sentence);
  EXPECT_EQ(harness::message([&] {
              auto state = m->start();
              for (int64_t t = 0; t < 25; ++t) m->step(ids(1, 1), state);
            }),
            long_sentence);
}

TEST(MakeModel, KnowsItsKinds) {
  for (const auto& kind : model_kinds()) {
    auto shape = small_shape();
    auto spec = small_spec(kind.name);
    if (kind.name == "node_classifier") {
      shape.input = {.vocabulary = 0, .channels = 5};
      spec.trunk.positions = "none";
    }
    EXPECT_NE(make_model(spec, shape, phrases({"softmax"}), 1), nullptr);
    EXPECT_FALSE(kind.summary.empty());
  }
  EXPECT_EQ(harness::message([] {
              make_model(small_spec("languge_model"), small_shape(), phrases({"softmax"}), 1);
            }),
            "[model] kind: unknown \"languge_model\"; did you mean \"language_model\"?");
}

}  // namespace
}  // namespace regard::models
