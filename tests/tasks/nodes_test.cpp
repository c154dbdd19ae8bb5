#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

TEST(NodesTask, TakesTwoTablesAndIsNeverGuessed) {
  const auto& task = find_task("nodes");
  EXPECT_EQ(task.model(), "node_classifier");
  EXPECT_EQ(task.reader(), "nodes");
  EXPECT_EQ(task.metrics()[0].name, "accuracy");
  EXPECT_NE(chosen("auto", documents(true)), "nodes");
  EXPECT_EQ(chosen("nodes", documents(true)),
            "made.tsv: line 1: two tables were expected, --nodes and --edges");
}

TEST(NodesTask, WritesIdLabelAndProbability) {
  const auto& task = find_task("nodes");
  Prediction p;
  p.place = "paper 7";
  p.label = "b";
  p.probability = 0.75;
  p.probabilities = {0.25, 0.75};
  EXPECT_EQ(task.to_text(p), "paper 7\tb\t0.7500\n");
  EXPECT_EQ(
      task.to_json(p, {"a", "b"}),
      R"({"id":"paper 7","label":"b","probability":0.75,"probabilities":{"a":0.25,"b":0.75}})");
}

TEST(NodesTask, MeasuresF1) {
  const metrics::Predictions p{{0, 1, 1}, {0, 1, 0}, {3}};
  EXPECT_NEAR(find_task("nodes").scores(p, {"a", "b"})[0], 2.0 / 3, 1e-15);
}

}  // namespace
}  // namespace regard::data
