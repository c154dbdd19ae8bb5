#include "regard/models/kinds/masked_language_model.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "harness/message.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {
namespace {

std::shared_ptr<Model> masked(const std::string& phrase, bool tie = true) {
  auto spec = small_spec("masked_language_model");
  spec.tie = tie;
  return make_model(spec, small_shape(), phrases({phrase}), 3);
}

/// Two rows of 6 tokens, asked at two places each; the last asks for nothing.
nn::Batch asked() {
  auto batch = batch_of(ids(2, 6), {}, at::tensor({3, 1, 7, -1}, torch::kLong).view({2, 2}));
  batch.others[nn::kPlaces] = at::tensor({1, 4, 5, 0}, torch::kLong).view({2, 2});
  return batch;
}

TEST(MaskedLanguageModel, TheHeadSeesThePlacesAlone) {
  for (const bool tie : {true, false}) {
    const auto m = masked("softmax", tie);
    m->eval();
    auto all = asked();
    all.others.clear();
    const auto few = m->logits(asked()), every = m->logits(all);
    ASSERT_EQ(few.sizes(), (std::vector<int64_t>{2, 2, 11}));
    ASSERT_EQ(every.sizes(), (std::vector<int64_t>{2, 6, 11}));
    EXPECT_LE((few[0][1] - every[0][4]).abs().max().item<double>(), 1e-6);
    EXPECT_LE((few[1][0] - every[1][5]).abs().max().item<double>(), 1e-6);
  }
}

TEST(MaskedLanguageModel, LossAndScoreCountWhatIsAsked) {
  const auto m = masked("softmax");
  const auto p = at::log_softmax(m->logits(asked()), 2);
  const double first = p[0][0][3].item<double>() + p[0][1][1].item<double>();
  const double second = p[1][0][7].item<double>();
  const auto loss = m->loss(asked(), nn::Detail::kExamples);
  EXPECT_NEAR(loss.main.item<double>(), -(first + second) / 3, 1e-6);
  EXPECT_NEAR(loss.examples[0].item<double>(), -first / 2, 1e-6);
  EXPECT_NEAR(loss.examples[1].item<double>(), -second, 1e-6);
  const auto score = m->score(asked());
  EXPECT_NEAR(score.sums[0].item<double>(), -(first + second), 1e-5);
  EXPECT_EQ(score.sums[2].item<double>(), 3);
}

TEST(MaskedLanguageModel, GradientsReachEveryParameter) {
  for (const char* phrase : {"softmax", "shared", "pairwise", "mean", "hrr"}) {
    const auto m = masked(phrase, false);
    m->loss(asked()).main.backward();
    for (const auto& item : m->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << phrase << item.key();
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << phrase << item.key();
    }
  }
}

TEST(MaskedLanguageModel, ValuesAreRefused) {
  auto shape = small_shape();
  shape.input = {.vocabulary = 0, .channels = 3};
  EXPECT_EQ(harness::message([&] {
              make_model(small_spec("masked_language_model"), shape, phrases({"softmax"}), 1);
            }),
            "masked_language_model: tokens were expected, and the data gives values");
}

// BERT's block: token types, norm before dropout at the embedding, epsilon, GELU with tanh, post
// norm, tanh pooler. Against the same written out with plain operators.
ModelSpec bert_spec(const std::string& kind) {
  auto spec = small_spec(kind);
  spec.trunk.layers = 1;
  spec.trunk.norm = "post";
  spec.trunk.norm_embed = true;
  spec.trunk.embed_dropout = "behind_norm";
  spec.trunk.norm_epsilon = 1e-3;
  spec.trunk.token_types = 2;
  spec.trunk.activation = "gelu_tanh";
  spec.trunk.dropout = 0;
  spec.pooling = "first";
  spec.head_hidden = spec.trunk.width;
  spec.head_activation = "tanh";
  return spec;
}

TEST(BertBlock, IsTheEquationWrittenOut) {
  auto shape = small_shape();
  shape.input.separator = 2;
  const auto spec = bert_spec("encoder_classifier");
  const auto m = make_model(spec, shape, phrases({"off"}), 5);
  m->eval();
  std::map<std::string, torch::Tensor> w;
  const torch::NoGradGuard guard;
  for (const auto& item : m->named_parameters()) {
    // Zeros and ones would hide a mistake.
    if (item.value().dim() == 1) nn::fill_normal(item.value(), item.key(), 0.3, 8);
    w[item.key()] = item.value();
  }
  const auto rows = at::tensor({1, 5, 2, 7, 2, 9}, torch::kLong).view({1, 6});
  const auto types = at::tensor({0, 0, 0, 1, 1, 1}, torch::kLong);
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    return at::layer_norm(x, {x.size(-1)}, w.at(name + ".weight"), w.at(name + ".bias"), 1e-3);
  };
  auto x = w.at("trunk.embed.tokens").index_select(0, rows[0]) +
           w.at("trunk.positions").narrow(0, 0, 6) + w.at("trunk.types").index_select(0, types);
  x = norm(x, "trunk.norm_embed");
  const auto block = std::string("trunk.block0.");
  x = norm(
      x + m->trunk().blocks()[0]->attention().forward(attention::call_of(x.unsqueeze(0), {}))[0],
      block + "norm1");
  const auto up = at::linear(x, w.at(block + "mlp.up.weight"), w.at(block + "mlp.up.bias"));
  x = norm(x + at::linear(at::gelu(up, "tanh"), w.at(block + "mlp.down.weight"),
                          w.at(block + "mlp.down.bias")),
           block + "norm2");
  const auto pooled = at::tanh(at::linear(x[0], w.at("hidden.weight"), w.at("hidden.bias")));
  const auto logits = at::linear(pooled, w.at("head.weight"), w.at("head.bias"));
  EXPECT_LE((m->logits(batch_of(rows))[0] - logits).abs().max().item<double>(), 1e-5);
}

TEST(BertBlock, DropoutStandsBehindTheNorm) {
  auto spec = bert_spec("masked_language_model");
  spec.trunk.dropout = 0.5;
  spec.trunk.layers = 1;
  const auto m = make_model(spec, small_shape(), phrases({"off"}), 5);
  torch::Tensor embedded;
  m->train();
  {
    const nn::ObserverScope scope([&](const std::string& layer, const torch::Tensor& x) {
      if (layer.ends_with("attention_input")) embedded = x;
    });
    m->logits(batch_of(ids(2, 6)));
  }
  ASSERT_TRUE(embedded.defined());
  EXPECT_GT((embedded == 0).sum().item<int64_t>(), embedded.numel() / 4);
}

TEST(BertBlock, WhatDoesNotGoTogetherIsRefused) {
  auto spec = bert_spec("masked_language_model");
  spec.trunk.norm_embed = false;
  const auto made = [&] {
    return harness::message([&] { make_model(spec, small_shape(), phrases({"off"}), 5); });
  };
  EXPECT_EQ(made(), "[model]: norm_embed = true was expected with embed_dropout = \"behind_norm\"");
  spec = bert_spec("masked_language_model");
  spec.trunk.token_types = -1;
  EXPECT_EQ(made(), "[model]: token_types of at least 0 was expected");
}

}  // namespace
}  // namespace regard::models
