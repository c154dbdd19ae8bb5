#include "regard/attention/graphs/sac.hpp"

#include <gtest/gtest.h>

#include "harness/edge_cases.hpp"
#include "regard/attention/self_attention.hpp"

namespace regard::attention::graphs {
namespace {
using harness::message;
using torch::Tensor;

Tensor sac_input(int64_t examples, int64_t positions) {
  return harness::random({examples, positions, 16}, 3).to(torch::kFloat);
}

std::shared_ptr<SelfAttention> sac_attention(const std::string& phrase, bool causal = false,
                                             int64_t earlier = 0) {
  torch::manual_seed(4);
  return std::make_shared<SelfAttention>(
      parse_phrase(phrase),
      SelfAttentionOptions{.width = 16, .heads = 2, .causal = causal, .earlier = earlier});
}

NamedScalars warm(double value, const std::string& name = "sac_warm_300") {
  return {{name, at::tensor(value, torch::kFloat)}};
}

TEST(SacGraph, KeepsItselfAndTheBestAlphaKeys) {
  const auto a = sac_attention("sac(alpha=3)");
  a->eval();
  const auto x = sac_input(2, 12);
  const auto map = a->weights(call_of(x, {})).values > 0;  // (2, 2, 12, 12)
  EXPECT_TRUE((map.sum(-1) == 4).all().item<bool>());
  EXPECT_TRUE(map.diagonal(0, 2, 3).all().item<bool>());
  const auto p = a->named_parameters();
  const auto s = at::matmul(at::linear(x, p["graph.query"]), at::linear(x, p["graph.key"]).mT());
  const auto best = std::get<1>(s.masked_fill(at::eye(12, torch::kBool), -1e30).topk(3, -1));
  EXPECT_TRUE(map.select(1, 0).gather(2, best).all().item<bool>());
}

TEST(SacGraph, AsManyKeysAsThereAreIsSoftmax) {
  const auto a = sac_attention("sac(alpha=20)"), full = sac_attention("softmax");
  const torch::NoGradGuard guard;
  for (const auto& item : full->named_parameters()) {
    item.value().copy_(a->named_parameters()[item.key()]);
  }
  a->eval();
  full->eval();
  const auto x = sac_input(2, 12);
  const auto lengths = at::tensor({12, 7}, torch::kLong);
  EXPECT_LE(harness::relative(a->forward(x, {}), full->forward(x, {})), 1e-5);
  EXPECT_LE(harness::relative(a->forward(x, lengths), full->forward(x, lengths)), 1e-5);
}

TEST(SacGraph, WarmStepsMeetAllKeysAndLaterOnesASample) {
  const auto a = sac_attention("sac(alpha=3)"), full = sac_attention("softmax");
  {
    const torch::NoGradGuard guard;
    for (const auto& item : full->named_parameters()) {
      item.value().copy_(a->named_parameters()[item.key()]);
    }
  }
  const auto x = sac_input(2, 12);
  const RandomContext random{1, at::tensor(5, torch::kLong)};
  const RandomScope scope(random);
  const LossScope losses;
  {
    const auto on = warm(1);
    const ScalarScope scalars(on);
    EXPECT_LE(harness::relative(a->forward(x, {}), full->forward(x, {})), 1e-5);
  }
  const auto off = warm(0);
  const ScalarScope scalars(off);
  const auto y = a->forward(x, {});
  EXPECT_GT(harness::relative(y, full->forward(x, {})), 1e-3);
  EXPECT_TRUE(at::equal(a->forward(x, {}), y)) << "the numbers are those of the step";
  a->eval();
  EXPECT_FALSE(at::equal(a->forward(x, {}), y)) << "evaluation draws nothing";
}

// KL of the attention's weights from the scores, written out, on all keys and on those that are
// kept.
TEST(SacGraph, LossIsTheDivergenceOnTheKeptKeys) {
  for (const bool is_warm : {true, false}) {
    for (const char* phrase : {"sac(alpha=3)", "sac(alpha=3,share=head)"}) {
      SCOPED_TRACE(std::string(phrase) + (is_warm ? ", warm" : ""));
      const auto a = sac_attention(phrase);
      const auto x = sac_input(2, 9);
      const auto lengths = at::tensor({9, 6}, torch::kLong);
      const auto scalars = warm(is_warm ? 1 : 0);
      const ScalarScope scope(scalars);
      const LossScope losses;
      a->forward(x, lengths);  // without a random context: no noise
      ASSERT_EQ(losses.losses().size(), 1u);
      const auto came = losses.losses()[0].second.item<double>();

      const torch::NoGradGuard guard;
      auto reference = sac_attention("softmax");
      auto p = a->named_parameters();
      for (const auto& item : reference->named_parameters()) item.value().copy_(p[item.key()]);
      const int64_t groups = p["graph.query"].size(0) / 16;
      const auto part = [&](const char* name) {
        return at::linear(x, p[name]).view({2, 9, groups, 16}).transpose(1, 2);
      };
      const auto s = at::matmul(part("graph.query"), part("graph.key").mT()) / 4.0;
      const auto qkv = at::linear(x, p["projection.qkv.weight"], p["projection.qkv.bias"])
                           .view({2, 9, 3, 2, 8})
                           .permute({2, 0, 3, 1, 4});
      const auto logits = at::matmul(qkv[0], qkv[1].mT()) / std::sqrt(8.0);
      double sum = 0;
      for (int64_t b = 0; b < 2; ++b) {
        const auto n = lengths[b].item<int64_t>();
        for (int64_t g = 0; g < groups; ++g) {
          for (int64_t i = 0; i < n; ++i) {
            auto keep = at::ones({n}, torch::kBool);
            if (!is_warm) {
              auto others = s[b][g][i].slice(0, 0, n).clone();
              others[i] = -1e30;
              keep = at::zeros({n}, torch::kBool).index_fill(0, std::get<1>(others.topk(3)), true);
              keep[i] = true;
            }
            const auto soft = [&](const Tensor& row) {
              return at::softmax(row.slice(-1, 0, n).masked_fill(~keep, -1e30), -1);
            };
            const auto heads = groups == 2 ? logits[b][g][i].unsqueeze(0) : logits[b].select(1, i);
            const auto target = soft(heads).mean(0), q = soft(s[b][g][i]);
            sum += at::where(keep, target * (target / q).log(), 0.0).sum().item<double>();
          }
        }
      }
      EXPECT_NEAR(came, sum / (15.0 * static_cast<double>(groups)), 1e-5);
    }
  }
}

TEST(SacGraph, NoGradientPassesBetweenScoresAndModel) {
  for (const double is_warm : {1.0, 0.0}) {
    const auto a = sac_attention("sac(alpha=3)");
    const auto x = sac_input(2, 9).requires_grad_();
    const auto scalars = warm(is_warm);
    const ScalarScope scope(scalars);
    const LossScope losses;
    const auto y = a->forward(x, {});
    losses.losses()[0].second.backward();
    EXPECT_FALSE(x.grad().defined());
    auto p = a->named_parameters();
    EXPECT_GT(harness::largest(p["graph.query"].grad()), 0);
    EXPECT_FALSE(p["projection.qkv.weight"].grad().defined());
    p["graph.query"].mutable_grad() = Tensor();
    y.sum().backward();
    EXPECT_FALSE(p["graph.query"].grad().defined());
    EXPECT_GT(harness::largest(p["projection.qkv.weight"].grad()), 0);
  }
}

TEST(SacGraph, ALaterTokenChangesNoEarlierRow) {
  const auto a = sac_attention("sac(alpha=3)", true);
  a->eval();
  const auto x = sac_input(1, 14);
  const auto y = a->forward(x, {});
  auto other = x.clone();
  other.slice(1, 9) += 2;
  EXPECT_TRUE(at::equal(a->forward(other, {}).slice(1, 0, 9), y.slice(1, 0, 9)));
}

TEST(SacGraph, OnePredictorForAllLayers) {
  const auto first = sac_attention("sac(alpha=3,share=all)"),
             second = sac_attention("sac(alpha=3,share=all)", false, 1);
  EXPECT_TRUE(first->named_parameters().contains("graph.query"));
  EXPECT_FALSE(second->named_parameters().contains("graph.query"));
  first->eval();
  second->eval();
  const auto x = sac_input(1, 9);
  const BatchScope batch(EdgeTensors{});
  const auto a = first->weights(call_of(x, {})).values > 0;
  const auto b = second->weights(call_of(x + 1, {})).values > 0;
  EXPECT_TRUE(at::equal(a, b));
}

TEST(SacGraph, WhatIsRefused) {
  const auto error = [](const std::string& phrase) {
    return message([&] { parse_phrase(phrase); });
  };
  EXPECT_EQ(error("sac(alpha=0)"),
            "phrase \"sac(alpha=0)\", sac: alpha from 1 to 1073741824 was expected, and 0 came");
  EXPECT_EQ(error("sac(warm=-1)"),
            "phrase \"sac(warm=-1)\", sac: warm of at least 0 was expected, and -1 came");
  for (const char* fold : {"mean", "linear", "hrr", "off"}) {
    EXPECT_EQ(error(std::string("sac+") + fold), std::string("phrase \"sac+") + fold +
                                                     "\": sac learns from pairwise scores, and " +
                                                     fold + " has none; take random");
  }
  EXPECT_EQ(error("sac+sigmoid"), "no InputError");
}

}  // namespace
}  // namespace regard::attention::graphs
