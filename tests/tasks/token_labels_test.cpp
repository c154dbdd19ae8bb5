#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::data {
namespace {

Examples sentences() {
  ExamplesBuilder into;
  into.begin_file("tagged.tsv");
  const std::vector<std::string> tokens = {"Peter", "runs"}, labels = {"B-PER", "O"};
  into.add_sentence(tokens, labels, 1);
  return into.finish();
}

TEST(TokenLabelsTask, TakesSentencesAlone) {
  EXPECT_EQ(chosen("auto", sentences()), "token_labels");
  EXPECT_EQ(chosen("token_labels", documents(true)),
            "made.tsv: line 1: sentences were expected, one token and its label a line");
  EXPECT_EQ(
      chosen("classification", sentences()),
      "tagged.tsv: line 1: a classification has one label a text, and these have one a token");
  const auto& task = find_task("token_labels");
  EXPECT_EQ(task.model(), "sequence_labeller");
  EXPECT_EQ(task.reader(), "conll");
  EXPECT_EQ(task.metrics()[0].name, "f1");
}

TEST(TokenLabelsTask, MeasuresSpansWhereLabelsMarkThemElseTheMeanOverLabels) {
  const auto& task = find_task("token_labels");
  const metrics::Predictions p{{0, 1, 2}, {0, 1, 1}, {3}};
  EXPECT_EQ(task.scores(p, {"B-X", "I-X", "O"}), (std::vector<double>{0}));
  EXPECT_NEAR(task.scores(p, {"DET", "NOUN", "VERB"})[0], (1 + 2.0 / 3 + 0) / 3, 1e-15);
}

TEST(TokenLabelsTask, WritesTheFormThatItReads) {
  const auto& task = find_task("token_labels");
  Prediction p;
  p.place = "tagged.tsv: line 1";
  p.text = "Peter\n\"(";
  p.token_labels = {"B-PER", "O"};
  p.token_probabilities = {0.5, 0.75};
  EXPECT_EQ(task.to_text(p), "Peter\tB-PER\n\"(\tO\n\n");
  EXPECT_EQ(task.to_json(p, {}),
            R"({"place":"tagged.tsv: line 1","tokens":["Peter","\"("],"labels":["B-PER","O"],)"
            R"("probabilities":[0.5,0.75]})");
  p.text += "\n";
  EXPECT_EQ(task.to_text(p), "Peter\tB-PER\n\"(\tO\n") << "the sentence goes on";
}

}  // namespace
}  // namespace regard::data
