#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

TEST(Classification, TakesLabelledTexts) {
  EXPECT_EQ(chosen("auto", documents(true)), "classification");
  EXPECT_EQ(chosen("classification", documents(false)),
            "made.tsv: line 1: a classification needs labels, and there are none");
  EXPECT_EQ(chosen("classification", text_pairs()), "pairs");
}

TEST(Classification, MeasuresAccuracyFirst) {
  const auto& task = find_task("classification");
  EXPECT_EQ(task.model(), "encoder_classifier");
  ASSERT_EQ(task.metrics().size(), 4u);
  EXPECT_EQ(task.metrics()[0].name, "accuracy");
  EXPECT_EQ(task.metrics()[2].name, "macro_f1");
  EXPECT_EQ(task.metrics()[3].name, "matthews");
  EXPECT_FALSE(task.metrics()[1].higher_is_better);
  EXPECT_EQ(task.scores({{0, 1}, {0, 1}, {1, 2}}, {"a", "b"}), (std::vector<double>{1, 1}));
}

TEST(Classification, WritesPlaceLabelAndProbability) {
  const auto& task = find_task("classification");
  const Prediction p{"made.tsv: line 3", "yes", 0.75, {0.25, 0.75}, "", {}, {}};
  EXPECT_EQ(task.to_text(p), "made.tsv: line 3\tyes\t0.7500\n");
  EXPECT_EQ(task.to_json(p, {"no", "yes"}),
            R"({"place":"made.tsv: line 3","label":"yes","probability":0.75,)"
            R"("probabilities":{"no":0.25,"yes":0.75}})");
}

TEST(Tasks, AreFoundByName) {
  for (const auto& task : all_tasks()) {
    EXPECT_EQ(&find_task(task->name()), task.get());
    EXPECT_FALSE(task->summary().empty());
    EXPECT_FALSE(task->metrics().empty());
  }
  EXPECT_EQ(chosen("classificatoin", documents(true)),
            "unknown task \"classificatoin\"; did you mean \"classification\"?");
}

}  // namespace
}  // namespace regard::data
