// The module that composes the three axes, against the same steps written out.
#include "regard/attention/self_attention.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "harness/fuse.hpp"
#include "harness/message.hpp"
#include "regard/nn/positions.hpp"

namespace regard::attention {
namespace {
using torch::Tensor;

std::shared_ptr<SelfAttention> module(const std::string& phrase, int64_t width, int64_t heads,
                                      bool causal = false,
                                      std::shared_ptr<Positions> positions = nullptr) {
  return harness::module_of(phrase, {.width = width, .heads = heads, .causal = causal},
                            std::move(positions));
}

// project, attend in the usual domain, merge the heads, W_o: nothing is folded into weights.
Tensor written_out(SelfAttention& m, const Tensor& x, const Tensor& lengths, int64_t heads,
                   bool causal, bool rotary) {
  const auto p = m.named_parameters();
  const auto uses = m.phrase().fold->uses();
  auto parts = at::linear(x, p["projection.qkv.weight"], p["projection.qkv.bias"])
                   .view({x.size(0), x.size(1), uses.count(), heads, -1})
                   .permute({2, 0, 3, 1, 4});
  Tensor q, k;
  if (uses.q) q = rotary ? nn::rotate(parts[0], 0) : parts[0];
  if (uses.k) k = rotary ? nn::rotate(parts[1], 0) : parts[1];
  auto inputs = make_inputs(q, k, parts[uses.count() - 1], m.phrase().graph->facts(causal));
  inputs.set_lengths(lengths);
  const ops::ForceKernel force("reference");
  const auto y = attend(*m.phrase().fold, "test", inputs);
  return at::linear(y.transpose(1, 2).reshape(x.sizes()), p["out.weight"], p["out.bias"]);
}

TEST(SelfAttention, IsTheStepsWrittenOut) {
  const auto rotary = nn::attention_positions("rotary", 1);
  for (const char* phrase : {"hrr", "window(width=3)+hrr", "softmax", "linear", "mean", "off"}) {
    for (const bool causal : {false, true}) {
      for (const auto& positions : {std::shared_ptr<Positions>(), rotary}) {
        SCOPED_TRACE(std::string(phrase) + (causal ? ", causal" : "") +
                     (positions ? ", rotary" : ""));
        const auto m = module(phrase, 14, 2, causal, positions);
        const auto x = harness::random({3, 11, 14}, 3).requires_grad_();
        const auto lengths = at::tensor({11, 4, 1}, torch::kLong);
        const auto expected = written_out(*m, x, lengths, 2, causal, positions != nullptr);
        auto leaves = m->parameters();
        leaves.push_back(x);
        const auto loss = (expected * harness::random(expected.sizes(), 9)).sum();
        harness::expect_same(harness::value_and_gradients(*m, x, lengths),
                             {expected, torch::autograd::grad({loss}, leaves)});
      }
    }
  }
}

// Many positions at once, then one after another, against the whole sequence; and rows of the
// batch.
TEST(SelfAttention, ExtendsByAnyNumberOfPositions) {
  const torch::NoGradGuard guard;
  for (const char* phrase :
       {"softmax", "sigmoid", "linear", "mean", "off", "hrr", "hrr(scale=time)", "window(width=4)",
        "window(width=4)+hrr", "window(width=3,global=2)", "window(width=3,global=2)+hrr",
        "window(width=4)+linear"}) {
    for (const char* kind : {"none", "rotary", "alibi"}) {
      if (std::string(kind) == "alibi" && !parse_phrase(phrase).fold->has_scores()) continue;
      SCOPED_TRACE(std::string(phrase) + ", " + kind);
      const auto m = module(phrase, 12, 3, true, nn::attention_positions(kind, 3));
      m->eval();
      const auto x = harness::random({3, 60, 12}, 3);
      const auto expected = m->forward(x, {});
      const auto decoder = m->start();
      std::vector<Tensor> rows;
      int64_t at = 0;
      for (const int64_t count : {1, 40, 1, 5, 1}) {
        rows.push_back(m->extend(x.narrow(1, at, count), *decoder, at));
        at += count;
      }
      EXPECT_LE(harness::relative(at::cat(rows, 1), expected.narrow(1, 0, at)), 1e-13);
      const auto order = at::tensor({2, 2, 0}, torch::kLong);
      decoder->select(order);
      const auto y = m->extend(x.index_select(0, order).narrow(1, at, 3), *decoder, at);
      EXPECT_LE(harness::relative(y, expected.index_select(0, order).narrow(1, at, 3)), 1e-13);
    }
  }
}

TEST(SelfAttention, TellsTheBytesOfItsState) {
  const torch::NoGradGuard guard;
  const auto bytes = [](const std::string& phrase) {
    const auto m = module(phrase, 12, 3, true);
    const auto decoder = m->start();
    m->extend(harness::random({2, 20, 12}, 3), *decoder, 0);
    return decoder->bytes();
  };
  EXPECT_EQ(bytes("softmax"), 2 * 20 * 2 * 12 * 8);         // k and v of 20 positions
  EXPECT_EQ(bytes("window(width=5)"), 2 * 4 * 2 * 12 * 8);  // those that the next one can see
  EXPECT_EQ(bytes("mean"), 20 * 2 * 12 * 8);                // v alone
  EXPECT_EQ(bytes("linear"), 2 * 3 * 4 * 5 * 8);
  EXPECT_EQ(bytes("hrr"), 2 * 3 * (4 + 1) * 8);
  EXPECT_EQ(bytes("off"), 0);
}

TEST(SelfAttention, HasNoParametersThatItsFoldDoesNotUse) {
  const auto names = [](const std::string& phrase) {
    int64_t count = 0;
    for (const auto& p : module(phrase, 12, 3)->parameters()) count += p.numel();
    return count;
  };
  EXPECT_EQ(names("softmax"), 4 * (12 * 12 + 12));
  EXPECT_EQ(names("hrr"), 4 * (12 * 12 + 12));
  EXPECT_EQ(names("mean"), 2 * (12 * 12 + 12));
  EXPECT_EQ(names("off"), 2 * (12 * 12 + 12));
}

TEST(SelfAttention, ParametersHaveTheirNames) {
  std::vector<std::string> names;
  for (const auto& item : module("softmax", 12, 3)->named_parameters()) names.push_back(item.key());
  EXPECT_EQ(names, (std::vector<std::string>{"projection.qkv.weight", "projection.qkv.bias",
                                             "out.weight", "out.bias"}));
}

TEST(SelfAttention, AlibiIsAddedToTheScores) {
  const auto m = module("softmax", 8, 2, true, nn::attention_positions("alibi", 2));
  const auto x = harness::random({1, 9, 8}, 3);
  const auto p = m->named_parameters();
  const auto parts = at::linear(x, p["projection.qkv.weight"], p["projection.qkv.bias"])
                         .view({1, 9, 3, 2, 4})
                         .permute({2, 0, 3, 1, 4});
  const auto i = at::arange(9, torch::kDouble).unsqueeze(1), j = at::arange(9, torch::kDouble);
  const auto slopes = at::tensor({0.0625, 0.00390625}, torch::kDouble).view({1, 2, 1, 1});
  const auto scores = at::matmul(parts[0], parts[1].transpose(2, 3)) / 2 - slopes * (i - j).abs();
  const auto weights = at::softmax(scores.masked_fill(j > i, -1e30), -1);
  const auto y = at::matmul(weights, parts[2]).transpose(1, 2).reshape({1, 9, 8});
  EXPECT_LE(harness::relative(m->forward(x, {}), at::linear(y, p["out.weight"], p["out.bias"])),
            1e-13);
}

TEST(SelfAttention, RefusesWhatDoesNotGoTogether) {
  EXPECT_EQ(
      harness::message([] { module("hrr", 8, 2, false, nn::attention_positions("alibi", 2)); }),
      "phrase \"hrr\": positions by a score bias (alibi) need a fold with pairwise scores, and "
      "hrr has none; use learned, sinusoidal, rotary or none");
  EXPECT_EQ(
      harness::message([] { module("softmax", 10, 3); }),
      "self-attention: a width divisible by the number of heads was expected, and width 10 with "
      "3 heads came");
  EXPECT_EQ(
      harness::message([] { module("hrr(mode=paper)", 8, 2, true); }),
      "phrase \"hrr(pads=in)\": hrr with pads=in sums over the whole padded sequence, which only "
      "the full graph has");
}

TEST(SelfAttention, WeightsAreThoseOfForward) {
  const auto x = harness::random({1, 9, 8}, 3);
  for (const char* phrase : {"softmax", "linear", "mean", "window(width=3)"}) {
    const auto m = module(phrase, 8, 2, true);
    const auto map = m->weights(call_of(x, {}));
    EXPECT_EQ(map.values.sizes(), (std::vector<int64_t>{1, 2, 9, 9}));
    EXPECT_NEAR((map.values.sum(-1) - 1).abs().max().item<double>(), 0, 1e-13) << phrase;
    EXPECT_EQ(map.values.triu(1).abs().max().item<double>(), 0) << phrase;
  }
}

TEST(Inputs, ShapesThatDoNotFitAreNamed) {
  const auto t = [](std::vector<int64_t> shape) { return at::zeros(shape); };
  const auto error = [](const Tensor& q, const Tensor& k, const Tensor& v) {
    return harness::message([&] { make_inputs(q, k, v, graph::full(), "place"); });
  };
  EXPECT_EQ(error(t({1, 2, 3, 4}), t({1, 2, 3, 4}), t({2, 3})),
            "place: v of shape (B, h, T, d) was expected, and [2, 3] came");
  EXPECT_EQ(error({}, {}, {}), "place: v of shape (B, h, T, d) was expected, and nothing came");
  EXPECT_EQ(
      error(t({1, 2, 3, 5}), t({1, 2, 3, 4}), t({1, 2, 3, 4})),
      "place: q of shape (B, h, T, d) with the batch and width of v [1, 2, 3, 4] was expected, "
      "and [1, 2, 3, 5] came");
  EXPECT_EQ(error(t({1, 2, 3, 4}), t({1, 2, 6, 4}), t({1, 2, 3, 4})),
            "place: k and v of one shape were expected, and [1, 2, 6, 4] and [1, 2, 3, 4] came");
  EXPECT_EQ(error(t({1, 3, 3, 4}), t({1, 2, 3, 4}), t({1, 2, 3, 4})),
            "place: heads of q (3) divisible by heads of k and v (2) were expected");
}

}  // namespace
}  // namespace regard::attention
