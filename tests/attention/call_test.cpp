// Cross attention, weights dropped, positions with parameters: what a call can ask for.
#include "regard/attention/call.hpp"

#include <ATen/ops/scaled_dot_product_attention.h>
#include <gtest/gtest.h>

#include "harness/fuse.hpp"
#include "harness/message.hpp"
#include "regard/ops/block/dropout.hpp"

namespace regard::attention {
namespace {
using torch::Tensor;

// q of one tensor, k and v of another, a boolean mask, PyTorch's attention, W_o.
Tensor written_out(SelfAttention& m, const Call& call) {
  const auto p = m.named_parameters();
  const int64_t heads = m.size().heads, width = m.size().model_width;
  const auto part = [&](const Tensor& x, int64_t i) {
    const auto weight = p["projection.qkv.weight"].narrow(0, i * width, width);
    const auto bias = p["projection.qkv.bias"].narrow(0, i * width, width);
    return at::linear(x, weight, bias).view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
  };
  const auto mask = valid_rows(call.key_lengths, call.memory.size(1)).transpose(2, 3);
  const auto y = at::scaled_dot_product_attention(part(call.x, 0), part(call.memory, 1),
                                                  part(call.memory, 2), mask);
  const auto rows = y.masked_fill(~valid_rows(call.query_lengths, call.x.size(1)), 0.0);
  return at::linear(rows.transpose(1, 2).reshape(call.x.sizes()), p["out.weight"], p["out.bias"]);
}

Call cross_call(int64_t queries, int64_t keys) {
  Call call;
  call.x = harness::random({3, queries, 8}, 3).requires_grad_();
  call.memory = harness::random({3, keys, 8}, 4).requires_grad_();
  call.query_lengths = at::tensor({queries, queries - 2, int64_t{1}}, torch::kLong);
  call.key_lengths = at::tensor({keys - 3, keys, int64_t{2}}, torch::kLong);
  return call;
}

// Two sequences of equal length with different paddings: rows must be cleared by their own lengths.
TEST(Call, CrossAttentionIsThatOfPyTorch) {
  for (const auto& [queries, keys] : {std::pair{7, 7}, {4, 9}, {9, 5}}) {
    const auto m = harness::module_of("softmax", {.width = 8, .heads = 2});
    const auto call = cross_call(queries, keys);
    for (const char* kernel : {"", "reference"}) {
      SCOPED_TRACE(std::to_string(queries) + " queries, " + kernel);
      const ops::ForceKernel force(kernel);
      const auto y = m->forward(call), expected = written_out(*m, call);
      EXPECT_LE(harness::relative(y, expected), 1e-13);
      const auto weight = harness::random(y.sizes(), 9);
      const auto came =
          torch::autograd::grad({(y * weight).sum()}, {call.x, call.memory}, {}, true);
      const auto right =
          torch::autograd::grad({(expected * weight).sum()}, {call.x, call.memory}, {}, true);
      for (std::size_t i = 0; i < 2; ++i)
        EXPECT_LE(harness::relative(came[i], right[i]), 1e-12) << i;
    }
  }
}

TEST(Call, TwoSequencesRefuseWhatNeedsOne) {
  const auto error = [](const std::string& phrase, bool causal) {
    const auto m = harness::module_of(phrase, {.width = 8, .heads = 2, .causal = causal});
    return harness::message([&] { m->forward(cross_call(7, 7)); });
  };
  EXPECT_EQ(error("softmax", true),
            "softmax: the graph is causal, which needs queries and keys of one sequence, and these "
            "are of two");
  EXPECT_NE(error("window(width=3)", false).find("a window"), std::string::npos);
  EXPECT_NE(error("hrr", false).find("queries and keys of one sequence"), std::string::npos);
  EXPECT_NE(error("off", false).find("queries and keys of one sequence"), std::string::npos);
  for (const char* phrase : {"sigmoid", "linear", "mean"})
    EXPECT_EQ(error(phrase, false), "no InputError");
}

// The weights of the reference, dropped by hand with the same numbers.
TEST(Call, DropoutOfWeightsIsThatOfTheirSite) {
  const RandomContext random{5, torch::zeros({}, torch::kLong)};
  const RandomScope scope(random);
  for (const char* phrase : {"softmax", "sigmoid"}) {
    const auto m =
        harness::module_of(phrase, {.width = 8, .heads = 2, .dropout = {.rate = 0.4, .site = 77}});
    const auto x = harness::random({2, 9, 8}, 3);
    m->eval();
    const auto weights = m->weights(call_of(x, {})).values;
    const auto whole = m->forward(x, {});
    m->train();
    const auto p = m->named_parameters();
    const auto v = at::linear(x, p["projection.qkv.weight"].narrow(0, 16, 8),
                              p["projection.qkv.bias"].narrow(0, 16, 8))
                       .view({2, 9, 2, 4})
                       .transpose(1, 2);
    const auto kept = ops::dropout(weights, 0.4, {random.seed, random.step, 77});
    EXPECT_GT((kept == 0).sum().item<int64_t>(), 0);
    const auto y = at::matmul(kept, v).transpose(1, 2).reshape(x.sizes());
    const auto came = m->forward(x, {});
    EXPECT_LE(harness::relative(came, at::linear(y, p["out.weight"], p["out.bias"])), 1e-13);
    EXPECT_GT(harness::relative(came, whole), 1e-3);
  }
  EXPECT_EQ(harness::message([] {
              harness::module_of("linear", {.width = 8, .heads = 2, .dropout = {.rate = 0.1}});
            }),
            "phrase \"linear\": attention_dropout needs a fold with pairwise weights, and linear "
            "has none");
}

// A learned bias for each distance: positions that own a parameter.
struct LearnedBias final : Positions {
  LearnedBias() { table = register_parameter("table", at::ones({2, 32}, torch::kDouble)); }
  bool biases() const override { return true; }
  Tensor bias(int64_t queries, int64_t keys, const torch::TensorOptions& options) const override {
    const auto whole = options.dtype(torch::kLong).requires_grad(false);
    const auto j = at::arange(keys, whole),
               i = at::arange(keys - queries, keys, whole).unsqueeze(1);
    return table.index({torch::indexing::Slice(), (i - j).abs()});
  }
  Tensor table;
};

TEST(Call, PositionsMayOwnParameters) {
  const auto m =
      harness::module_of("softmax", {.width = 8, .heads = 2}, std::make_shared<LearnedBias>());
  const auto table = m->named_parameters()["positions.table"];
  const auto y = m->forward(harness::random({2, 9, 8}, 3), {});
  const auto gradient = torch::autograd::grad({y.square().sum()}, {table})[0];
  EXPECT_GT(harness::largest(gradient.slice(1, 0, 9)), 0);
  EXPECT_EQ(harness::largest(gradient.slice(1, 9)), 0);
}

}  // namespace
}  // namespace regard::attention
