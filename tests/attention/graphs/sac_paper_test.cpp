#include "regard/attention/graphs/sac_paper.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <set>

#include "harness/edge_cases.hpp"
#include "regard/attention/lstm_picker.hpp"
#include "regard/attention/self_attention.hpp"

namespace regard::attention::graphs {
namespace {
using harness::message;
using torch::Tensor;

Tensor input(int64_t examples, int64_t positions) {
  return harness::random({examples, positions, 8}, 3).to(torch::kFloat);
}

Tensor uniform(at::IntArrayRef sizes, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::rand(sizes, generator, torch::kDouble);
}

TEST(LstmPicker, DrawsEachPairOnceNeverItselfNorPadding) {
  torch::manual_seed(1);
  const LstmPicker picker(8, 6);
  const auto lengths = at::tensor({7, 4}, torch::kLong);
  const auto nodes = picker.nodes(input(2, 7));
  const auto walk = picker.walk(nodes, 12, uniform({24, 2}, 5), lengths);
  for (int64_t b = 0; b < 2; ++b) {
    std::set<std::pair<int64_t, int64_t>> pairs;
    for (int64_t e = 0; e < 12; ++e) {
      const auto i = walk.picks[b][2 * e].item<int64_t>(),
                 j = walk.picks[b][2 * e + 1].item<int64_t>();
      EXPECT_NE(i, j);
      EXPECT_LT(std::max(i, j), lengths[b].item<int64_t>());
      EXPECT_TRUE(pairs.emplace(i, j).second) << b << ": " << i << ", " << j;
    }
  }
}

TEST(LstmPicker, LikelihoodIsThatOfTheWalk) {
  torch::manual_seed(2);
  LstmPicker picker(8, 6, Repeats::kAllowed);
  picker.to(torch::kDouble);
  const auto nodes = picker.nodes(input(1, 3).to(torch::kDouble));
  // With one edge there are 9 walks; drawn often, each has its probability.
  constexpr int64_t kDraws = 40000;
  const auto many = nodes.expand({kDraws, 3, 6}).contiguous();
  const auto drawn = picker.walk(many, 1, uniform({2, kDraws}, 7), {});
  const auto code = drawn.picks.select(1, 0) * 3 + drawn.picks.select(1, 1);
  double total = 0;
  for (int64_t w = 0; w < 9; ++w) {
    const Walk walk{at::tensor({w / 3, w % 3}, torch::kLong).view({1, 2}),
                    at::zeros({1, 2, 3}, torch::kBool)};
    const double p = picker.likelihood(nodes, walk).log_p.sum().exp().item<double>();
    const double share = (code == w).sum().item<double>() / kDraws;
    EXPECT_NEAR(share, p, 5 * std::sqrt(p * (1 - p) / kDraws)) << w;
    total += p;
  }
  EXPECT_NEAR(total, 1, 1e-12);
}

// The gradient of the mean reward by its policy gradient, against all 3^6 walks of three nodes.
TEST(SacPaper, PolicyGradientIsThatOfEnumeration) {
  torch::manual_seed(3);
  LstmPicker picker(8, 4, Repeats::kAllowed);
  picker.to(torch::kDouble);
  const auto x = input(1, 3).to(torch::kDouble);
  const auto reward = [](const Tensor& picks) {  // (B, 6) -> (B)
    const auto p = picks.to(torch::kDouble);
    return (p * at::tensor({1.0, -2.0, 0.5, 1.5, -1.0, 2.0})).sum(1).sin() + (p.select(1, 1) == 2);
  };
  const auto parameters = picker.parameters();
  const auto flat = [](const std::vector<Tensor>& grads) {
    std::vector<Tensor> parts;
    for (const auto& g : grads) parts.push_back(g.flatten());
    return at::cat(parts);
  };
  const auto gradient = [&](const Tensor& value) {
    return flat(torch::autograd::grad({value}, parameters, {}, false, false, true));
  };
  const auto codes = at::arange(729, torch::kLong);
  std::vector<Tensor> digits;
  for (int64_t t = 5, place = 1; t >= 0; --t, place *= 3) {
    digits.insert(digits.begin(), codes.floor_divide(place).remainder(3));
  }
  const Walk all{at::stack(digits, 1), at::zeros({729, 6, 3}, torch::kBool)};
  const auto log_p = picker.likelihood(picker.nodes(x).expand({729, 3, 4}), all).log_p.sum(1);
  EXPECT_NEAR(log_p.exp().sum().item<double>(), 1, 1e-12);
  const auto exact = gradient((log_p.exp() * reward(all.picks)).sum());

  constexpr int64_t kBlocks = 100, kBlock = 1000;
  std::vector<Tensor> means;
  for (int64_t block = 0; block < kBlocks; ++block) {
    const auto nodes = picker.nodes(x).expand({kBlock, 3, 4});
    const auto walk = picker.walk(nodes.detach().contiguous(), 3,
                                  uniform({6, kBlock}, 100 + static_cast<uint64_t>(block)), {});
    const auto like = picker.likelihood(nodes, walk).log_p.sum(1);
    means.push_back(gradient((like * (reward(walk.picks) - 0.3)).mean()));
  }
  const auto samples = at::stack(means);  // (blocks, parameters)
  const auto error = samples.std(0) / std::sqrt(static_cast<double>(kBlocks));
  const auto off = (samples.mean(0) - exact).abs();
  // Each of some hundred numbers lies within 4 standard errors.
  EXPECT_LE((off / (error + 1e-9)).max().item<double>(), 4.0);
  EXPECT_GT(harness::largest(exact), 0.01);
}

std::shared_ptr<SelfAttention> attention(const std::string& phrase) {
  torch::manual_seed(4);
  return std::make_shared<SelfAttention>(parse_phrase(phrase),
                                         SelfAttentionOptions{.width = 8, .heads = 2});
}

TEST(SacPaper, HasAlphaEdgesATokenAndEachTokenItself) {
  const auto a = attention("sac_paper(alpha=2,hidden=6)");
  a->eval();
  const auto map = a->weights(call_of(input(2, 9), {})).values > 0;
  EXPECT_TRUE(map.diagonal(0, 2, 3).all().item<bool>());
  EXPECT_TRUE((map.sum({2, 3}) == 9 + 18).all().item<bool>());
  const auto all = attention("sac_paper(alpha=8,hidden=6)");
  EXPECT_TRUE((all->weights(call_of(input(2, 9), {})).values > 0).all().item<bool>());
}

TEST(SacPaper, LearnsFromTheLossOfEachExampleAndKeepsABaseline) {
  const auto a = attention("sac_paper(alpha=2,hidden=6)");
  const RandomContext random{1, at::tensor(5, torch::kLong)};
  const RandomScope scope(random);
  const auto x = input(3, 9).requires_grad_();
  const auto step = [&](const Tensor& losses) {
    LossScope collected;
    a->forward(x, {});
    EXPECT_TRUE(collected.wants_feedback());
    collected.give_feedback(losses);
    return collected.losses().at(0);
  };
  const auto [name, loss] = step(at::tensor({1.0, 2.0, 3.0}));
  EXPECT_EQ(name, "policy");
  loss.backward();
  EXPECT_FALSE(x.grad().defined());
  auto p = a->named_parameters();
  EXPECT_GT(harness::largest(p["graph.picker.recurrent"].grad()), 0);
  EXPECT_FALSE(p["projection.qkv.weight"].grad().defined());
  const auto baseline = a->named_buffers()["graph.baseline"];
  EXPECT_NEAR(baseline.item<float>(), -2, 1e-6);
  step(at::tensor({4.0, 4.0, 4.0}));
  EXPECT_NEAR(baseline.item<float>(), 0.9 * -2 + 0.1 * -4, 1e-6);
}

TEST(SacPaper, CostsWhatTheDossierCounts) {
  SacPaper entry;
  entry.alpha = 10;
  entry.hidden = 512;
  EXPECT_NEAR(entry.choice_flops(512, 0, 0) / 1e9, 48.3, 0.05);
  EXPECT_EQ(entry.choices(512), 10240);
  EXPECT_NEAR(SacPaper().choice_flops(2048, 0, 0) / 1e9, 51.5, 0.05);
}

TEST(SacPaper, WhatIsRefused) {
  const auto phrase = parse_phrase("sac_paper");
  EXPECT_EQ(
      message([&] { check_meaning(phrase, true); }),
      "phrase \"sac_paper\": sac_paper chooses the edges of early tokens with later ones in view, "
      "which tells a causal model what it is to predict; take sac or random");
  EXPECT_EQ(message([] { parse_phrase("sac_paper(alpha=0)"); }),
            "phrase \"sac_paper(alpha=0)\", sac_paper: alpha from 1 to 1073741824 was expected, "
            "and 0 came");
  EXPECT_EQ(message([] { parse_phrase("sac_paper+mean"); }), "no InputError");
}

}  // namespace
}  // namespace regard::attention::graphs
