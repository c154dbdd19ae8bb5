// Norms, feed-forward, dropout of a site, embeddings, and what a step tells its layers.
#include "regard/nn/layers.hpp"

#include <gtest/gtest.h>

#include "harness/case.hpp"
#include "harness/message.hpp"
#include "regard/attention/context.hpp"
#include "regard/nn/block.hpp"
#include "regard/nn/context.hpp"
#include "regard/nn/embedding.hpp"

namespace regard::nn {
namespace {
using torch::Tensor;

template <class Module>
void randomise(Module& module) {
  const torch::NoGradGuard guard;
  int64_t seed = 30;
  for (auto& p : module.parameters()) p.copy_(harness::random(p.sizes(), seed++));
}

TEST(Norm, IsTheFormula) {
  const auto x = harness::random({3, 5, 8}, 1) * 3 + 1;
  Norm layer("layer", 8), rms("rms", 8);
  layer.to(torch::kDouble);
  rms.to(torch::kDouble);
  randomise(layer);
  randomise(rms);
  const auto mean = x.mean(-1, true), variance = (x - mean).square().mean(-1, true);
  const auto p = layer.named_parameters();
  EXPECT_LE(harness::relative(layer.forward(x),
                              (x - mean) / (variance + 1e-5).sqrt() * p["weight"] + p["bias"]),
            1e-14);
  const auto root = (x.square().mean(-1, true) + 1e-6).sqrt();
  EXPECT_LE(harness::relative(rms.forward(x), x / root * rms.named_parameters()["weight"]), 1e-14);
  EXPECT_EQ(rms.parameters().size(), 1u);
}

TEST(FeedForward, IsTheFormula) {
  const auto x = harness::random({3, 5, 8}, 1);
  for (const char* kind : {"gelu", "relu", "swiglu", "geglu"}) {
    FeedForward layer(kind, 8, 6);
    layer.to(torch::kDouble);
    randomise(layer);
    const auto p = layer.named_parameters();
    const auto h = at::linear(x, p["up.weight"], p["up.bias"]);
    const auto gelu = [](const Tensor& t) { return t * (1 + at::erf(t / std::sqrt(2.0))) / 2; };
    const std::string name = kind;
    Tensor inner;
    if (name == "gelu") inner = gelu(h);
    if (name == "relu") inner = at::maximum(h, at::zeros_like(h));
    if (name == "swiglu")
      inner = h.narrow(2, 0, 6) * at::sigmoid(h.narrow(2, 0, 6)) * h.narrow(2, 6, 6);
    if (name == "geglu") inner = gelu(h.narrow(2, 0, 6)) * h.narrow(2, 6, 6);
    EXPECT_LE(
        harness::relative(layer.forward(x), at::linear(inner, p["down.weight"], p["down.bias"])),
        1e-13)
        << kind;
  }
}

TEST(FeedForward, DropsActivationsInTrainingAlone) {
  const auto x = harness::random({3, 5, 8}, 1);
  for (const char* kind : {"gelu", "relu", "swiglu"}) {
    FeedForward plain(kind, 8, 6), layer(kind, 8, 6, true, {0.5, 9});
    for (auto* one : {&plain, &layer}) {
      one->to(torch::kDouble);
      randomise(*one);
    }
    layer.eval();
    EXPECT_TRUE(at::equal(layer.forward(x), plain.forward(x))) << kind;
    layer.train();
    const attention::RandomContext context{3, at::scalar_tensor(2, torch::kLong)};
    const attention::RandomScope scope(context);
    // down = identity shows the activations themselves.
    const at::NoGradGuard guard;
    for (auto* one : {&plain, &layer}) {
      one->down()->weight.copy_(at::eye(8, 6, x.options()));
      one->down()->bias.zero_();
    }
    const auto all = plain.forward(x).narrow(2, 0, 6), kept = layer.forward(x).narrow(2, 0, 6);
    EXPECT_TRUE(at::equal(kept, dropout(all, 0.5, 9, true))) << kind;
    const auto share = (kept != 0).to(torch::kDouble).mean().item<double>();
    EXPECT_NEAR(share, 0.5, kind == std::string("relu") ? 0.4 : 0.2) << kind;
  }
}

TEST(Dropout, IsKeyedByTheStepAndOffOutsideOfTraining) {
  const auto x = at::ones({500});
  EXPECT_TRUE(dropout(x, 0.5, 1, false).is_same(x));
  const auto at_step = [&](int64_t seed, int64_t step, int64_t site) {
    const attention::RandomContext context{seed, at::scalar_tensor(step, torch::kLong)};
    const attention::RandomScope scope(context);
    return dropout(x, 0.5, site, true);
  };
  EXPECT_TRUE(at::equal(at_step(1, 7, 2), at_step(1, 7, 2)));
  EXPECT_FALSE(at::equal(at_step(1, 7, 2), at_step(1, 8, 2)));
  EXPECT_FALSE(at::equal(at_step(1, 7, 2), at_step(2, 7, 2)));
  EXPECT_FALSE(at::equal(at_step(1, 7, 2), at_step(1, 7, 3)));
  EXPECT_EQ(attention::random_context(), nullptr);
}

TEST(Dropout, ScopesNest) {
  const attention::RandomContext outer{1, at::scalar_tensor(1, torch::kLong)}, inner{2, outer.step};
  const attention::RandomScope a(outer);
  {
    const attention::RandomScope b(inner);
    EXPECT_EQ(attention::random_context()->seed, 2);
  }
  EXPECT_EQ(attention::random_context()->seed, 1);
}

TEST(Observer, SeesNamesOfNestedLayersAndNothingOutsideItsScope) {
  std::vector<std::string> seen;
  observe("before", {});
  {
    const ObserverScope scope(
        [&](const std::string& name, const Tensor&) { seen.push_back(name); });
    const LayerScope block("block0");
    observe("attention", {});
    {
      const LayerScope deeper("mlp");
      observe("up", {});
    }
    observe("mlp", {});
  }
  observe("after", {});
  EXPECT_EQ(seen, (std::vector<std::string>{"block0.attention", "block0.mlp.up", "block0.mlp"}));
}

TEST(Embedding, TokensByTableAndValuesByMatrix) {
  Embedding tokens({.vocabulary = 5}, 3);
  randomise(tokens);
  const auto ids = at::tensor({4, 0, 4}, torch::kLong).view({1, 3});
  EXPECT_TRUE(at::equal(tokens.forward(ids)[0], tokens.table().index_select(0, ids[0])));
  EXPECT_TRUE(at::equal(tokens.forward(ids.to(torch::kByte)), tokens.forward(ids)));
  Embedding values({.vocabulary = 0, .channels = 2}, 3);
  randomise(values);
  const auto x = harness::random({1, 4, 2}, 2).to(torch::kFloat);
  const auto p = values.named_parameters();
  EXPECT_TRUE(at::equal(values.forward(x), at::linear(x, p["values.weight"], p["values.bias"])));
  EXPECT_EQ(harness::message([] { Embedding({.vocabulary = 2, .channels = 2}, 3); }),
            "embedding: either a vocabulary or channels were expected, and 2 and 2 came");
}

TEST(Embedding, TwoTokensInARowAddARowOfTheirOwn) {
  Embedding both({.vocabulary = 5}, 3, 7);
  randomise(both);
  const auto ids = at::tensor({4, 0, 4, 4, 0}, torch::kLong).view({1, 5});
  const auto p = both.named_parameters();
  const auto rest = both.forward(ids)[0] - p["tokens"].index_select(0, ids[0]);
  // (40503 (before + 1) + now) mod 7, where nothing stands before the first.
  const auto rows = at::tensor(
      {4 % 7, 40503 * 5 % 7, (40503 + 4) % 7, (40503 * 5 + 4) % 7, 40503 * 5 % 7}, torch::kLong);
  EXPECT_LT((rest - p["pairs"].index_select(0, rows)).abs().max().item<double>(), 1e-6);
  const auto one = both.forward(ids.narrow(1, 0, 1));
  EXPECT_TRUE(at::equal(one[0][0], both.forward(ids)[0][0]));
  EXPECT_EQ(harness::message([] { Embedding({.vocabulary = 0, .channels = 2}, 3, 7); }),
            "[model]: pairs = 0 was expected, since the data gives values, and 7 came");
}

TEST(Block, NormsAreWhereTheyAreSaidToBe) {
  for (const std::string norm : {"pre", "post", "feed_forward"}) {
    const auto phrase = attention::parse_phrase("off");
    Block block(phrase, {.attention = {.width = 6, .heads = 2}, .hidden = 5, .norm = norm}, {});
    block.to(torch::kDouble);
    randomise(block);
    const auto x = harness::random({2, 4, 6}, 1);
    const auto apply_norm = [&](const Tensor& t, const std::string& name) {
      const auto p = block.named_parameters();
      return at::layer_norm(t, {6}, p[name + ".weight"], p[name + ".bias"]);
    };
    const auto attend = [&](const Tensor& t) { return block.attention().forward(t, {}); };
    const auto mlp = [&](const Tensor& t) { return block.feed_forward().forward(t); };
    Tensor expected;
    if (norm != "post") {
      const auto middle = x + attend(norm == "pre" ? apply_norm(x, "norm1") : x);
      expected = middle + mlp(apply_norm(middle, "norm2"));
    } else {
      const auto middle = apply_norm(x + attend(x), "norm1");
      expected = apply_norm(middle + mlp(middle), "norm2");
    }
    Residual stream(x, 0, true);
    block.forward(stream, {});
    EXPECT_LE(harness::relative(stream.sum(), expected), 1e-14) << norm;
  }
}

TEST(Residual, AnEmbeddingWaitsForWhatReadsIt) {
  Norm norm("layer", 6);
  norm.to(torch::kDouble);
  randomise(norm);
  const auto ids = at::tensor({3, 1, 4, 1, 0, 2}, torch::kLong).view({2, 3});
  const ops::Embedded from{harness::random({5, 6}, 1), ids, harness::random({3, 6}, 2),
                           torch::kDouble};
  const auto branch = harness::random({2, 3, 6}, 3), lengths = at::tensor({3, 1}, torch::kLong);
  const attention::RandomContext context{5, at::scalar_tensor(3, torch::kLong)};
  const attention::RandomScope scope(context);
  const auto sum = dropout(at::embedding(from.table, ids) + from.positions, 0.4, 0, true);
  const auto stream = [&] { return Residual(from, 0.4, true); };
  EXPECT_TRUE(at::equal(stream().sum(), sum));
  auto normed = stream();
  EXPECT_TRUE(at::equal(normed.norm(norm), norm.forward(sum)));
  EXPECT_TRUE(at::equal(normed.sum(), sum));
  EXPECT_TRUE(at::equal(stream().norm_mean(norm, lengths),
                        Residual(sum, 0.4, true).norm_mean(norm, lengths)));
  auto added = stream();
  added.add({branch, {}}, 7);
  EXPECT_TRUE(at::equal(added.norm(norm), norm.forward(sum + dropout(branch, 0.4, 7, true))));
  auto replaced = stream();
  replaced.replace_by(norm);
  EXPECT_TRUE(at::equal(replaced.sum(), norm.forward(sum)));
}

}  // namespace
}  // namespace regard::nn
