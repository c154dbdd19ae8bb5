// The encoder-decoder: what may change nothing, generation that equals full recomputation, counts.
#include "regard/models/kinds/sequence_to_sequence.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "harness/message.hpp"
#include "models/fixture.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {
namespace {

struct Parts {
  std::string encoder = "softmax", decoder = "", cross = "", positions = "sinusoidal", norm = "pre";
};

ModelSpec spec_of(const Parts& parts) {
  auto spec = small_spec("sequence_to_sequence");
  spec.trunk.positions = parts.positions;
  spec.trunk.norm = parts.norm;
  spec.trunk.embed_scale = "sqrt";
  spec.decoder = parts.decoder;
  spec.cross = parts.cross;
  return spec;
}

std::shared_ptr<SequenceToSequence> model(const Parts& parts = {}) {
  auto made = std::make_shared<SequenceToSequence>(spec_of(parts), small_shape(),
                                                   phrases({parts.encoder}), 1);
  made->to(torch::kDouble);
  made->eval();
  return made;
}

nn::Batch batch(const Tensor& source, const Tensor& source_lengths, const Tensor& target,
                const Tensor& target_lengths) {
  auto made = batch_of(source, source_lengths);
  made.others[kTargetInputs] = target;
  made.others[kTargetLengths] = target_lengths;
  made.targets = target.roll(-1, 1);
  made.targets.masked_fill_(
      at::arange(target.size(1)).unsqueeze(0) >= target_lengths.unsqueeze(1) - 1, -1);
  return made;
}

Tensor lengths(std::initializer_list<int64_t> values) {
  return at::tensor(std::vector<int64_t>(values), torch::kLong);
}

nn::Batch usual() { return batch(ids(3, 9), lengths({9, 4, 7}), ids(3, 6), lengths({6, 6, 3})); }

// The logits at positions that are no padding, (positions, V).
Tensor valid(const Tensor& logits, const Tensor& target_lengths) {
  const auto mask =
      at::arange(logits.size(1)).unsqueeze(0) < target_lengths.unsqueeze(1);  // (B, T)
  return logits.index({mask});
}

const std::vector<Parts>& forms() {
  static const std::vector<Parts> all = {{},
                                         {.norm = "post"},
                                         {.cross = "linear"},
                                         {.cross = "mean"},
                                         {.cross = "sigmoid"},
                                         {.cross = "shared"},
                                         {.cross = "none"},
                                         {.encoder = "window(width=2)", .cross = "softmax"},
                                         {.decoder = "linear"},
                                         {.decoder = "window(width=3)", .positions = "rotary"},
                                         {.decoder = "off", .cross = "keyvalue"}};
  return all;
}

TEST(SequenceToSequence, MoreSourcePaddingChangesNothing) {
  const torch::NoGradGuard guard;
  for (const auto& form : forms()) {
    SCOPED_TRACE(form.encoder + " " + form.decoder + " " + form.cross);
    const auto m = model(form);
    const auto b = usual();
    const auto y = valid(m->logits(b), b.others.at(kTargetLengths));
    auto padded = b;
    padded.inputs = at::cat({b.inputs, at::full({3, 7}, 5, torch::kLong)}, 1);
    EXPECT_LE(harness::relative(valid(m->logits(padded), b.others.at(kTargetLengths)), y), 1e-13);
    // A row alone, without padding, its target as long as its source by chance.
    auto one = batch(b.inputs.narrow(0, 1, 1).narrow(1, 0, 4), lengths({4}),
                     b.others.at(kTargetInputs).narrow(0, 1, 1).narrow(1, 0, 4), lengths({4}));
    EXPECT_LE(harness::relative(m->logits(one)[0], m->logits(b)[1].narrow(0, 0, 4)), 1e-13);
  }
}

TEST(SequenceToSequence, WithoutPositionsAnotherOrderOfTheSourceChangesNothing) {
  const torch::NoGradGuard guard;
  for (const char* phrase : {"softmax", "linear", "mean"}) {
    const auto m = model({.encoder = phrase, .positions = "none"});
    const auto b = batch(ids(2, 7), lengths({7, 7}), ids(2, 5), lengths({5, 5}));
    auto other = b;
    other.inputs = b.inputs.index_select(1, lengths({3, 0, 6, 1, 5, 2, 4}));
    EXPECT_LE(harness::relative(m->logits(other), m->logits(b)), 1e-13) << phrase;
    const auto placed = model({.encoder = phrase});
    EXPECT_GT(harness::relative(placed->logits(other), placed->logits(b)), 1e-4) << phrase;
  }
}

TEST(SequenceToSequence, AnEmptySourceGivesZero) {
  const torch::NoGradGuard guard;
  for (const char* cross : {"softmax", "linear", "mean", "sigmoid"}) {
    SCOPED_TRACE(cross);
    const auto m = model({.cross = cross});
    auto& attention = *m->decoder().blocks()[0]->cross();
    const auto x = harness::random({2, 3, 16}, 3);
    const nn::MemoryView memory{harness::random({2, 5, 16}, 4), lengths({0, 5})};
    const auto y = attention.forward(nn::cross_call(x, {}, memory));
    const auto bias = attention.out()->bias;
    EXPECT_TRUE(at::equal(y[0], bias.expand({3, 16})));
    EXPECT_GT(harness::largest(y[1] - bias), 1e-3);
    const auto asked = attention.ask(x, attention.read(memory.values, memory.lengths));
    EXPECT_TRUE(at::equal(asked[0], bias.expand({3, 16})));
    const auto none = batch(ids(2, 4), lengths({0, 4}), ids(2, 3), lengths({3, 3}));
    EXPECT_TRUE(at::isfinite(m->logits(none)).all().item<bool>());
  }
}

TEST(SequenceToSequence, LaterTargetTokensChangeNoBitBefore) {
  const torch::NoGradGuard guard;
  for (const auto& form : forms()) {
    SCOPED_TRACE(form.encoder + " " + form.decoder + " " + form.cross);
    const auto m = model(form);
    auto b = batch(ids(2, 9), lengths({9, 4}), ids(2, 8), lengths({8, 8}));
    const auto y = m->logits(b);
    auto& target = b.others[kTargetInputs];
    target = target.clone();
    target.slice(1, 5).add_(3).remainder_(11);
    const auto z = m->logits(b);
    EXPECT_TRUE(at::equal(y.slice(1, 0, 5), z.slice(1, 0, 5)));
    EXPECT_FALSE(at::equal(y.slice(1, 5), z.slice(1, 5)));
  }
}

TEST(SequenceToSequence, CachedEqualsUncachedWithTextsThatShareAMemory) {
  const torch::NoGradGuard guard;
  constexpr int64_t kTexts = 3;
  for (const auto& form : forms()) {
    SCOPED_TRACE(form.encoder + " " + form.decoder + " " + form.cross);
    const auto m = model(form);
    const auto source = ids(2, 9), length = lengths({9, 4});
    const auto search = m->search(source, length, kTexts);
    auto written = ids(2 * kTexts, 10);
    const auto uncached = [&](const Tensor& sources, const Tensor& source_lengths, int64_t t) {
      const auto so_far = written.narrow(1, 0, t + 1);
      const auto all = at::full({so_far.size(0)}, t + 1, torch::kLong);
      return m->logits(batch(sources, source_lengths, so_far, all)).select(1, t);
    };
    auto sources = source.repeat_interleave(kTexts, 0);
    auto of = length.repeat_interleave(kTexts, 0);
    for (int64_t t = 0; t < 10; ++t) {
      const auto logits = search.next(written.narrow(1, t, 1));
      EXPECT_LE(harness::relative(logits, uncached(sources, of, t)), 1e-12) << t;
      if (t != 3 && t != 6) continue;
      // Texts go on from others of their source; later the first source is done.
      const auto rows = t == 3 ? lengths({2, 0, 0, 4, 5, 4}) : lengths({3, 4, 5});
      search.select(rows);
      written = written.index_select(0, rows);
      sources = sources.index_select(0, rows);
      of = of.index_select(0, rows);
    }
  }
}

TEST(SequenceToSequence, SearchesOfABatchAreOneByOne) {
  const torch::NoGradGuard guard;
  const auto m = model();
  const auto source = ids(4, 9), length = lengths({9, 2, 7, 5});
  const SearchTask all{0, 1, {12, 12, 12, 12}}, one{0, 1, {12}};
  const BeamOptions options{.beam = 3, .nbest = 3};
  const auto together = beam_search(m->search(source, length, 3), all, options);
  const auto greedy = greedy_search(m->search(source, length, 1), all);
  for (int64_t b = 0; b < 4; ++b) {
    const auto alone = source.narrow(0, b, 1).narrow(1, 0, length[b].item<int64_t>());
    const auto at = static_cast<std::size_t>(b);
    const auto best = beam_search(m->search(alone, {}, 3), one, options)[0];
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(together[at][i].ids, best[i].ids);
      EXPECT_NEAR(together[at][i].score, best[i].score, 1e-12);
    }
    EXPECT_EQ(greedy[at].ids, greedy_search(m->search(alone, {}, 1), one)[0].ids);
    EXPECT_EQ(beam_search(m->search(alone, {}, 1), one, {.beam = 1})[0][0].ids, greedy[at].ids);
  }
}

TEST(SequenceToSequence, LossIsTheMeanNegativeLogarithmOverTargets) {
  const auto m = model();
  const auto b = usual();
  const auto logits = m->logits(b);
  double sum = 0, count = 0;
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t t = 0; t < 6; ++t) {
      const auto target = b.targets[i][t].item<int64_t>();
      if (target < 0) continue;
      sum -= at::log_softmax(logits[i][t], 0)[target].item<double>();
      ++count;
    }
  }
  EXPECT_EQ(count, 12);  // 5 + 5 + 2
  EXPECT_NEAR(m->loss(b).main.item<double>(), sum / count, 1e-12);
  EXPECT_NEAR(m->score(b).sums[0].item<double>(), sum, 1e-10);
  EXPECT_EQ(m->score(b).sums[2].item<double>(), count);
}

// Rows without a pair, which fill a batch up to its shape, count nothing and have no gradient.
TEST(SequenceToSequence, EmptyRowsChangeNothing) {
  const auto m = model();
  const auto b = usual();
  auto filled = batch(at::cat({b.inputs, ids(2, 9)}), lengths({9, 4, 7, 0, 0}),
                      at::cat({b.others.at(kTargetInputs), ids(2, 6)}), lengths({6, 6, 3, 0, 0}));
  const auto parameters = m->parameters();
  const auto loss = m->loss(b).main, other = m->loss(filled).main;
  EXPECT_NEAR(loss.item<double>(), other.item<double>(), 1e-13);
  const auto came = torch::autograd::grad({other}, parameters, {}, std::nullopt, false, true);
  const auto right = torch::autograd::grad({loss}, parameters, {}, std::nullopt, false, true);
  for (std::size_t i = 0; i < came.size(); ++i) {
    EXPECT_LE(harness::largest(came[i] - right[i]), 1e-12) << i;
  }
}

TEST(SequenceToSequence, HasThePublishedParameters) {
  const auto count = [](int64_t width, int64_t layers, int64_t mlp, int64_t pieces) {
    ModelSpec spec;
    spec.kind = "sequence_to_sequence";
    spec.trunk.width = width;
    spec.trunk.layers = layers;
    spec.trunk.heads = 4;
    spec.trunk.mlp = mlp;
    spec.trunk.positions = "sinusoidal";
    return parameter_count(SequenceToSequence(
        spec, {.input = {.vocabulary = pieces}, .max_length = 64}, phrases({"softmax"}), 1));
  };
  EXPECT_EQ(count(256, 3, 1024, 8000), 7578624);
  EXPECT_EQ(count(512, 6, 2048, 37000), 63084544);
}

TEST(SequenceToSequence, TrunksBeginWithOtherNumbersAndShareTheTable) {
  const auto m = model();
  const auto p = m->named_parameters();
  EXPECT_FALSE(at::equal(p["encoder.block0.attention.projection.qkv.weight"],
                         p["decoder.block0.attention.projection.qkv.weight"]));
  EXPECT_TRUE(p.contains("decoder.block1.cross.projection.qkv.weight"));
  EXPECT_TRUE(p.contains("decoder.block1.norm_cross.weight"));
  EXPECT_FALSE(p.contains("decoder.embed.tokens"));
  auto spec = spec_of({});
  spec.tie = false;
  const SequenceToSequence untied(spec, small_shape(), phrases({"softmax"}), 1);
  EXPECT_EQ(parameter_count(untied), parameter_count(*m) + 11 * 16);
  EXPECT_EQ(parameter_count(*model({.cross = "none"})),
            parameter_count(*m) - 2 * (4 * (16 * 16 + 16) + 2 * 16));
}

// Both trunks read the same ids; without a norm before attention its input shows what was dropped.
TEST(SequenceToSequence, DropoutSitesDoNotRepeat) {
  auto spec = spec_of({.positions = "none", .norm = "feed_forward"});
  spec.trunk.dropout = 0.5;
  SequenceToSequence m(spec, small_shape(), phrases({"softmax"}), 1);
  m.train();
  const attention::RandomContext random{5, torch::zeros({}, torch::kLong)};
  const attention::RandomScope scope(random);
  std::map<std::string, Tensor> seen;
  {
    const nn::ObserverScope observer(
        [&](const std::string& layer, const Tensor& x) { seen[layer] = x; });
    m.logits(batch(ids(2, 6), lengths({6, 6}), ids(2, 6), lengths({6, 6})));
  }
  EXPECT_TRUE(at::equal(seen.at("encoder.embed"), seen.at("decoder.embed")));
  const auto dropped = [&](const std::string& trunk) {
    return seen.at(trunk + ".block0.attention_input") == 0;
  };
  const auto encoder = dropped("encoder"), decoder = dropped("decoder");
  EXPECT_NEAR(encoder.to(torch::kDouble).mean().item<double>(), 0.5, 0.15);
  EXPECT_NEAR((encoder != decoder).to(torch::kDouble).mean().item<double>(), 0.5, 0.15);
}

TEST(SequenceToSequence, MapsAreNamedWeights) {
  const auto m = model({.decoder = "window(width=2)"});
  const auto maps = m->maps(usual());
  ASSERT_EQ(maps.size(), 6u);
  EXPECT_EQ(maps[0].part, "encoder");
  EXPECT_EQ(maps[0].map.values.sizes(), (std::vector<int64_t>{1, 2, 9, 9}));
  EXPECT_EQ(maps[1].part, "decoder");
  EXPECT_EQ(maps[1].map.values.sizes(), (std::vector<int64_t>{1, 2, 6, 6}));
  EXPECT_EQ(maps[1].map.values[0][0][0][1].item<double>(), 0);
  EXPECT_EQ(maps[5].part, "cross");
  EXPECT_EQ(maps[5].layer, 1);
  EXPECT_EQ(maps[5].map.values.sizes(), (std::vector<int64_t>{1, 2, 6, 9}));
  EXPECT_LE((maps[5].map.values.sum(-1) - 1).abs().max().item<double>(), 1e-12);
}

TEST(SequenceToSequence, APhraseWithoutAMeaningIsSoftmaxWithASentence) {
  const auto of = [](const Parts& parts) {
    return sequence_attentions(spec_of(parts), phrases({parts.encoder}));
  };
  const auto hrr = of({.encoder = "hrr"});
  EXPECT_EQ(hrr.decoder[0].canonical, "hrr");
  EXPECT_EQ(hrr.cross[0].canonical, "softmax");
  ASSERT_EQ(hrr.sentences.size(), 1u);
  EXPECT_EQ(hrr.sentences[0],
            "cross: softmax instead; phrase \"hrr\" in cross attention: hrr compares each token "
            "with its own value, which needs queries and keys of one sequence");
  EXPECT_TRUE(of({.encoder = "linear"}).sentences.empty());
  EXPECT_EQ(of({.encoder = "linear"}).cross[0].canonical, "linear");
  EXPECT_TRUE(of({.cross = "none"}).cross.empty());
  const auto refused = [&](const Parts& parts) { return harness::message([&] { of(parts); }); };
  EXPECT_NE(
      refused({.cross = "off"}).find("[attention] cross: phrase \"off\" in cross attention: "),
      std::string::npos);
  EXPECT_NE(refused({.cross = "window(width=3)"}).find("the graph is a window, which needs"),
            std::string::npos);
  EXPECT_NE(refused({.cross = "causal"}).find("the graph is causal, which needs"),
            std::string::npos);
  EXPECT_NE(refused({.cross = "hrr"}).find("hrr compares"), std::string::npos);
}

}  // namespace
}  // namespace regard::models
