// The trunk: parameters by formula, fresh weights, lengths, layer names.
#include "regard/nn/trunk.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/case.hpp"
#include "harness/message.hpp"
#include "regard/attention/context.hpp"
#include "regard/nn/context.hpp"

namespace regard::nn {
namespace {
using torch::Tensor;

TrunkOptions options(const std::vector<std::string>& phrases, int64_t layers = 2) {
  TrunkOptions o;
  o.spec.width = 12;
  o.spec.layers = layers;
  o.spec.heads = 2;
  o.spec.mlp = 20;
  o.input.vocabulary = 9;
  o.max_length = 16;
  for (const auto& text : phrases) o.phrases.push_back(attention::parse_phrase(text));
  return o;
}

int64_t count(const torch::nn::Module& module) {
  int64_t n = 0;
  for (const auto& p : module.parameters()) n += p.numel();
  return n;
}

constexpr int64_t kV = 9, kH = 12, kF = 20, kT = 16, kL = 2;
constexpr int64_t kAttention = 4 * (kH * kH + kH), kOff = 2 * (kH * kH + kH);
constexpr int64_t kMlp = kH * kF + kF + kF * kH + kH, kNorm = 2 * kH;

TEST(Trunk, ParametersAreCountedByFormula) {
  EXPECT_EQ(count(Trunk(options({"softmax"}))),
            kV * kH + kT * kH + kL * (kAttention + kMlp + 2 * kNorm) + kNorm);
  EXPECT_EQ(count(Trunk(options({"hrr", "off"}))),
            kV * kH + kT * kH + kAttention + kOff + kL * (kMlp + 2 * kNorm) + kNorm);
  auto rotary = options({"softmax"});
  rotary.spec.positions = "rotary";
  EXPECT_EQ(count(Trunk(rotary)), kV * kH + kL * (kAttention + kMlp + 2 * kNorm) + kNorm);
  auto sinusoidal = rotary;
  sinusoidal.spec.positions = "sinusoidal";
  EXPECT_EQ(count(Trunk(sinusoidal)), count(Trunk(rotary)));
  sinusoidal.spec.positions = "sinusoidal_2d";  // 16 places: 4 x 4
  EXPECT_EQ(count(Trunk(sinusoidal)), count(Trunk(rotary)));
  sinusoidal.cls = true;
  EXPECT_EQ(count(Trunk(sinusoidal)), count(Trunk(rotary)) + kH);
  auto post = options({"softmax"});
  post.spec.norm = "post";
  EXPECT_EQ(count(Trunk(post)), count(Trunk(options({"softmax"}))) - kNorm);
  auto cls = options({"softmax"});
  cls.cls = true;  // the token and one more place
  EXPECT_EQ(count(Trunk(cls)), count(Trunk(options({"softmax"}))) + 2 * kH);
  auto gated = options({"softmax"});
  gated.spec.activation = "swiglu";
  EXPECT_EQ(count(Trunk(gated)), count(Trunk(options({"softmax"}))) + kL * (kH * kF + kF));
  auto rms = options({"softmax"});
  rms.spec.norm_kind = "rms";
  EXPECT_EQ(count(Trunk(rms)), count(Trunk(options({"softmax"}))) - (2 * kL + 1) * kH);
}

Tensor parameter(Trunk& trunk, const std::string& name) { return trunk.named_parameters()[name]; }

TEST(Trunk, FreshWeightsAreAFunctionOfSeedAndName) {
  Trunk a(options({"softmax", "off"})), b(options({"softmax", "off"})),
      c(options({"off", "softmax"}));
  a.initialise(1);
  b.initialise(1);
  c.initialise(1);
  for (const auto& item : a.named_parameters())
    EXPECT_TRUE(at::equal(item.value(), parameter(b, item.key()))) << item.key();
  // What another phrase in front needs does not move the numbers of what follows.
  for (const char* name : {"embed.tokens", "block0.mlp.up.weight", "block1.mlp.down.weight",
                           "positions", "block1.attention.out.weight"})
    EXPECT_TRUE(at::equal(parameter(a, name), parameter(c, name))) << name;
  b.initialise(2);
  EXPECT_FALSE(at::equal(parameter(a, "embed.tokens"), parameter(b, "embed.tokens")));
}

TEST(Trunk, FreshWeightsHaveTheirSpread) {
  auto o = options({"softmax"});
  o.spec.width = 96;
  o.spec.mlp = 0;
  EXPECT_DOUBLE_EQ(o.spec.deviation(at::empty({96, 96})),
                   1 / std::sqrt(3.0 * 96));  // unless told otherwise
  o.spec.init = 0.02;
  Trunk trunk(o);
  trunk.initialise(3);
  const auto spread = [&](const char* name) { return parameter(trunk, name).std().item<double>(); };
  EXPECT_NEAR(spread("block0.attention.projection.qkv.weight"), 0.02, 0.001);
  EXPECT_NEAR(spread("block0.mlp.up.weight"), 0.02, 0.001);
  EXPECT_NEAR(spread("block1.attention.out.weight"), 0.02 / std::sqrt(4.0), 0.0005);
  EXPECT_NEAR(spread("block1.mlp.down.weight"), 0.02 / std::sqrt(4.0), 0.0005);
  EXPECT_NEAR(parameter(trunk, "block0.mlp.up.weight").mean().item<double>(), 0, 0.0005);
  for (const auto& item : trunk.named_parameters()) {
    if (item.key().ends_with("bias")) {
      EXPECT_EQ(harness::largest(item.value()), 0) << item.key();
    }
    if (item.key().find("norm") != std::string::npos && item.key().ends_with("weight")) {
      EXPECT_TRUE((item.value() == 1).all().item<bool>()) << item.key();
    }
  }
}

TEST(Trunk, PaddingChangesNothing) {
  for (const char* phrase : {"softmax", "hrr", "linear", "mean", "off", "window(width=3)"}) {
    Trunk trunk(options({phrase}));
    trunk.initialise(1);
    trunk.to(torch::kDouble);
    const auto ids = at::tensor({3, 1, 4, 1, 5}, torch::kLong).view({1, 5});
    const auto padded = at::cat({ids, at::tensor({7, 8, 2}, torch::kLong).view({1, 3})}, 1);
    const auto expected = trunk.forward(ids, {});
    const auto came = trunk.forward(padded, at::tensor({5}, torch::kLong)).slice(1, 0, 5);
    EXPECT_LE(harness::relative(came, expected), 1e-13) << phrase;
  }
}

TEST(Trunk, ObserversSeeTheLayersInOrder) {
  Trunk trunk(options({"softmax"}));
  trunk.initialise(1);
  std::vector<std::string> seen;
  {
    const ObserverScope scope([&](const std::string& name, const Tensor& x) {
      EXPECT_EQ(x.sizes(), (std::vector<int64_t>{1, 3, 12})) << name;
      seen.push_back(name);
    });
    trunk.forward(at::zeros({1, 3}, torch::kLong), {});
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"embed", "block0.attention_input", "block0.attention",
                                            "block0.mlp", "block1.attention_input",
                                            "block1.attention", "block1.mlp", "norm"}));
}

TEST(Trunk, TheMeanIsThatOfTheValidTokens) {
  const auto ids = at::tensor({3, 1, 4, 1, 5, 2, 6, 5, 3, 5}, torch::kLong).view({2, 5});
  const auto lengths = at::tensor({5, 2}, torch::kLong);
  for (const char* norm : {"pre", "post"}) {
    for (const bool cls : {false, true}) {
      auto o = options({"softmax"});
      o.spec.norm = norm;
      o.cls = cls;
      Trunk trunk(o);
      trunk.initialise(1);
      trunk.to(torch::kDouble);
      const auto x = trunk.forward(ids, lengths);
      const auto expected = at::stack({x[0].mean(0), x[1].slice(0, 0, cls ? 3 : 2).mean(0)});
      EXPECT_LE(harness::relative(trunk.mean(ids, lengths), expected), 1e-13) << norm << cls;
      // An observer still sees the normed tokens, and changes nothing.
      Tensor seen;
      const ObserverScope scope([&](const std::string& name, const Tensor& y) {
        if (name == "norm") seen = y;
      });
      EXPECT_LE(harness::relative(trunk.mean(ids, lengths), expected), 1e-13) << norm << cls;
      EXPECT_EQ(seen.defined(), std::string(norm) == "pre");
      if (seen.defined()) {
        EXPECT_TRUE(at::equal(seen, x));
      }
    }
  }
}

TEST(Trunk, DropoutDiffersBySiteAndRepeatsByStep) {
  auto o = options({"softmax"});
  o.spec.dropout = 0.3;
  Trunk trunk(o);
  trunk.initialise(1);
  const auto ids = at::zeros({2, 6}, torch::kLong);
  const auto at_step = [&](int64_t step) {
    const attention::RandomContext context{5, at::scalar_tensor(step, torch::kLong)};
    const attention::RandomScope scope(context);
    return trunk.forward(ids, {});
  };
  trunk.train();
  EXPECT_TRUE(at::equal(at_step(1), at_step(1)));
  EXPECT_FALSE(at::equal(at_step(1), at_step(2)));
  trunk.eval();
  EXPECT_TRUE(at::equal(at_step(1), at_step(2)));
}

TEST(Trunk, NormsAtItsEndsAndBiasesAsAsked) {
  auto o = options({"softmax"});
  o.spec.norm = "feed_forward";
  o.spec.norm_embed = true;
  o.spec.norm_last = false;
  o.spec.bias = "up";
  o.spec.init_rule = "inputs";
  Trunk trunk(o);
  trunk.initialise(1);
  std::vector<std::string> norms, biases;
  for (const auto& item : trunk.named_parameters()) {
    const auto& name = item.key();
    if (name.ends_with("norm1.weight") || name.ends_with("norm.weight") ||
        name.ends_with("norm_embed.weight"))
      norms.push_back(name);
    if (name.ends_with("bias") && name.find("norm") == std::string::npos) biases.push_back(name);
  }
  EXPECT_EQ(norms, (std::vector<std::string>{"norm_embed.weight"}));
  EXPECT_EQ(biases, (std::vector<std::string>{"block0.mlp.up.bias", "block1.mlp.up.bias"}));
  for (const auto& item : trunk.named_parameters()) {
    const auto& w = item.value();
    if (w.dim() < 2 || w.numel() < 100) continue;
    const double expected = 1 / std::sqrt(static_cast<double>(w.size(1)));
    EXPECT_NEAR(w.std().item<double>(), expected, 0.2 * expected) << item.key();
  }
  // The stream begins with the norm, and nothing follows the last block.
  trunk.to(torch::kDouble);
  const auto ids = at::tensor({3, 1, 4, 1, 5}, torch::kLong).view({1, 5});
  Tensor first, embedded, x;
  std::vector<Tensor> parts;
  const ObserverScope scope([&](const std::string& name, const Tensor& y) {
    if (name == "embed") embedded = y;
    if (name == "block0.attention_input") first = y;
    if (name.ends_with(".attention") || name.ends_with(".mlp")) parts.push_back(y);
  });
  const auto out = trunk.forward(ids, {});
  EXPECT_LE(harness::relative(first, at::layer_norm(embedded, {o.spec.width})), 1e-13);
  x = first;
  for (const auto& part : parts) x = x + part;
  EXPECT_EQ(parts.size(), 4u);
  EXPECT_LE(harness::relative(out, x), 1e-13);
  o.spec.init = 0.1;
  EXPECT_EQ(harness::message([&] { Trunk{o}; }),
            "[model]: init = 0 was expected with init_rule = \"inputs\", and 0.100000 came");
}

// An observer wants the embedding as such; without one it waits for the first norm.
TEST(Trunk, AWaitingEmbeddingChangesNoBit) {
  const auto ids = at::tensor({3, 1, 4, 1, 5, 2, 6, 5, 3, 5}, torch::kLong).view({2, 5});
  const auto lengths = at::tensor({5, 2}, torch::kLong);
  for (const char* norm : {"pre", "post"}) {
    for (const char* positions : {"learned", "sinusoidal", "none"}) {
      for (const double rate : {0.0, 0.3}) {
        auto o = options({"softmax"});
        o.spec.norm = norm;
        o.spec.positions = positions;
        o.spec.dropout = rate;
        Trunk trunk(o);
        trunk.initialise(1);
        trunk.train();
        const attention::RandomContext context{5, at::scalar_tensor(3, torch::kLong)};
        const attention::RandomScope scope(context);
        const auto run = [&] {
          const auto y = trunk.forward(ids, lengths);
          const auto weights = at::arange(y.numel(), y.options()).view(y.sizes()).sin();
          trunk.zero_grad();
          (y * weights).sum().backward();
          std::vector<Tensor> out{y.detach()};
          for (const auto& p : trunk.parameters()) out.push_back(p.grad().clone());
          return out;
        };
        const auto came = run();
        bool seen = false;
        const ObserverScope observer(
            [&](const std::string& name, const Tensor&) { seen = seen || name == "embed"; });
        const auto expected = run();
        EXPECT_TRUE(seen);
        ASSERT_EQ(came.size(), expected.size());
        for (std::size_t i = 0; i < came.size(); ++i) {
          EXPECT_TRUE(at::equal(came[i], expected[i])) << norm << positions << rate << ' ' << i;
        }
      }
    }
  }
}

TEST(Trunk, MistakesAreNamed) {
  Trunk trunk(options({"softmax"}));
  trunk.initialise(1);
  EXPECT_EQ(
      harness::message([&] {
        trunk.forward(at::zeros({1, 17}, torch::kLong), {});
      }),
      "positions: the table holds 16 places, and a sequence of 17 came; raise the maximal length "
      "or take positions rotary, alibi or none");
  EXPECT_EQ(harness::message([] {
              Trunk(options({"softmax", "off", "off"}));
            }),
            "[attention]: one phrase or one for each of the 2 layers was expected, and 3 came");
  auto heads = options({"softmax"});
  heads.spec.heads = 5;
  EXPECT_EQ(harness::message([&] { Trunk{heads}; }),
            "[model]: a width divisible by heads was expected, and width 12 with 5 heads came");
  auto rate = options({"softmax"});
  rate.spec.dropout = 1;
  EXPECT_EQ(harness::message([&] { Trunk{rate}; }),
            "[model]: dropout in [0, 1) was expected, and 1.000000 came");
}

TEST(Trunk, PositionsWithoutATableTakeAnyLength) {
  for (const char* positions : {"rotary", "alibi", "none"}) {
    auto o = options({"softmax"});
    o.spec.positions = positions;
    Trunk trunk(o);
    trunk.initialise(1);
    EXPECT_EQ(trunk.forward(at::zeros({1, 40}, torch::kLong), {}).size(1), 40) << positions;
  }
}

TEST(Trunk, WordDropoutLeavesOutWholeTokensInTrainingAlone) {
  auto given = options({"off"});
  given.spec.word_dropout = 0.5;
  given.spec.positions = "none";
  given.spec.pairs = 11;
  Trunk trunk(given);
  trunk.initialise(1);
  const auto ids = at::arange(200, torch::kLong).remainder(9).view({2, 100});
  const attention::RandomContext context{.seed = 1, .step = at::tensor(int64_t{3})};
  const attention::RandomScope random(context);
  const auto embedded = [&] {
    Tensor x;
    const ObserverScope scope([&](const std::string& name, const Tensor& output) {
      if (name == "embed") x = output;
    });
    trunk.forward(ids, {});
    return x;
  };
  trunk.eval();
  const auto whole = embedded();  // (B, T, H)
  EXPECT_TRUE((whole.abs().sum(2) > 0).all().item<bool>());
  trunk.train();
  const auto left = embedded();
  const auto zero = (left == 0).all(2);
  const double share = zero.to(torch::kDouble).mean().item<double>();
  EXPECT_NEAR(share, 0.5, 0.15);
  const auto wanted = at::where(zero.unsqueeze(-1), at::zeros_like(whole), 2 * whole);
  EXPECT_LT((left - wanted).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(at::equal(embedded(), left));
  given.spec.word_dropout = 1;
  EXPECT_NE(harness::message([&] { Trunk{given}; }).find("word_dropout in [0, 1)"),
            std::string::npos);
}

}  // namespace
}  // namespace regard::nn
