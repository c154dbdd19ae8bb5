#include "regard/models/kinds/node_classifier.hpp"

#include <gtest/gtest.h>

#include "fixture.hpp"
#include "harness/edge_cases.hpp"
#include "harness/message.hpp"

namespace regard::models {
namespace {

ModelSpec gat_spec() {
  ModelSpec spec;
  spec.kind = "node_classifier";
  spec.trunk.block = "gat";
  spec.trunk.width = 64;
  spec.trunk.heads = 8;
  spec.trunk.positions = "none";
  spec.trunk.init_rule = "glorot";
  return spec;
}

std::shared_ptr<Model> network(const ModelSpec& spec, int64_t features, int64_t classes,
                               const std::string& phrase = "shared(form=plain)+edges+additive") {
  return make_model(spec, {.input = {.channels = features}, .classes = classes, .max_length = 9},
                    phrases({phrase}), 3);
}

nn::Batch graph_of_nine() {
  nn::Batch batch;
  batch.inputs = harness::random({1, 9, 5}, 3).to(torch::kFloat);
  batch.targets = at::tensor({0, 1, 2, -1, -1, 0, 1, 2, -1}, torch::kLong).view({1, 9});
  auto mask = at::eye(9, torch::kBool).view({1, 1, 9, 9}).clone();
  for (int64_t i = 0; i + 1 < 9; ++i) mask[0][0][i][i + 1] = mask[0][0][i + 1][i] = true;
  const auto edges = harness::edges_of_mask(mask);
  batch.others[nn::kEdgeQueries] = edges.queries.squeeze(1);
  batch.others[nn::kEdgeKeys] = edges.keys.squeeze(1);
  return batch;
}

TEST(NodeClassifier, HasThePublishedParameters) {
  EXPECT_EQ(parameter_count(*network(gat_spec(), 1433, 7)), 92373);
  EXPECT_EQ(parameter_count(*network(gat_spec(), 3703, 6)), 237586);
}

TEST(NodeClassifier, ANodeReachesThoseThatAreAsManyEdgesAwayAsThereAreLayers) {
  const auto m = network(gat_spec(), 5, 3);
  m->eval();
  auto batch = graph_of_nine();
  const auto y = m->logits(batch);
  ASSERT_EQ(y.sizes(), (std::vector<int64_t>{1, 9, 3}));
  batch.inputs = batch.inputs.clone();
  batch.inputs[0][0] += 1;
  const auto changed = (m->logits(batch) != y).any(2)[0];
  for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(changed[i].item<bool>(), i <= 2) << i;
}

TEST(NodeClassifier, LossCountsNodesWithLabels) {
  const auto m = network(gat_spec(), 5, 3);
  m->eval();
  const auto batch = graph_of_nine();
  const auto p = at::log_softmax(m->logits(batch), 2);
  double sum = 0;
  for (int64_t i = 0; i < 9; ++i) {
    const auto target = batch.targets[0][i].item<int64_t>();
    if (target >= 0) sum -= p[0][i][target].item<double>();
  }
  EXPECT_NEAR(m->loss(batch).main.item<double>(), sum / 6, 1e-6);
  const auto score = m->score(batch);
  EXPECT_NEAR(score.sums[0].item<double>(), sum, 1e-5);
  EXPECT_EQ(score.sums[2].item<double>(), 6);
}

TEST(NodeClassifier, GradientsReachEveryParameterOfEveryPhrase) {
  for (const char* phrase :
       {"shared(form=plain)+edges+additive", "keyvalue+edges+additive(form=gatv2)", "edges",
        "edges+mean", "off", "random(alpha=2)", "sac(alpha=2,warm=0)"}) {
    for (const char* block : {"gat", "transformer"}) {
      auto spec = gat_spec();
      spec.trunk.block = block;
      const auto m = network(spec, 5, 3, phrase);
      m->loss(graph_of_nine()).total().backward();
      for (const auto& item : m->named_parameters()) {
        ASSERT_TRUE(item.value().grad().defined()) << phrase << " " << item.key();
        EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << phrase << item.key();
      }
    }
  }
}

TEST(NodeClassifier, MapsShowTheWeightsOfTheEdges) {
  const auto m = network(gat_spec(), 5, 3);
  m->eval();
  const auto maps = m->maps(graph_of_nine());
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0].map.values.sizes(), (std::vector<int64_t>{1, 8, 9, 9}));
  EXPECT_EQ(maps[1].map.values.sizes(), (std::vector<int64_t>{1, 1, 9, 9}));
  EXPECT_EQ(maps[0].map.values[0][0][0][5].item<float>(), 0);
  EXPECT_NEAR(maps[0].map.values[0][3][4].sum().item<float>(), 1, 1e-5);
}

TEST(NodeClassifier, WhatIsRefused) {
  auto spec = gat_spec();
  EXPECT_EQ(harness::message([&] { network(spec, 5, 1); }),
            "node_classifier: at least 2 classes were expected, and 1 came");
  spec.trunk.positions = "learned";
  EXPECT_EQ(
      harness::message([&] { network(spec, 5, 3); }),
      "node_classifier: [model] positions = \"none\" was expected, since nodes have no order, "
      "and \"learned\" came");
}

}  // namespace
}  // namespace regard::models
