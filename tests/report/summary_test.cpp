#include "regard/report/summary.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "report/sample.hpp"

namespace regard::report {
namespace {

Run run(const std::string& phrase, int64_t seed, double quality, Task task = Task::kLanguageModel) {
  Run r;
  r.phrase = phrase;
  r.seed = seed;
  r.finished = true;
  (task == Task::kLanguageModel ? r.loss : r.accuracy) = quality;
  r.parameters = 1234567;
  r.seconds = 65;
  r.tokens_per_second = 98765.4;
  r.peak_memory_bytes = 3.0 * 1024 * 1024;
  return r;
}

Comparison three_phrases() {
  Comparison c;
  c.runs = {run("softmax", 1, 1.86), run("softmax", 2, 1.88), run("hrr", 1, 1.80),
            run("hrr", 2, 1.8202),   run("off", 1, 2.48),     run("off", 2, 2.51)};
  return c;
}

std::string cell(const Table& table, std::size_t row, const std::string& key) {
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].key == key) return table.rows.at(row)[c].text;
  }
  return "no column " + key;
}

TEST(Summary, BestFirstWithDifferencesToTheFirstPhrase) {
  const auto table = summary(three_phrases());
  EXPECT_EQ(cell(table, 0, "phrase"), "hrr");
  EXPECT_EQ(cell(table, 1, "phrase"), "softmax");
  EXPECT_EQ(cell(table, 2, "phrase"), "off");
  EXPECT_EQ(cell(table, 0, "verdict"), "better");
  EXPECT_EQ(cell(table, 1, "verdict"), "reference");
  EXPECT_EQ(cell(table, 1, "difference"), "–");
  EXPECT_EQ(cell(table, 2, "verdict"), "worse");
  EXPECT_EQ(cell(table, 2, "difference").substr(0, 1), "+");
  EXPECT_EQ(cell(table, 0, "parameters"), "1 234 567");
  EXPECT_EQ(cell(table, 0, "seconds"), "1 min 05 s");
  EXPECT_EQ(cell(table, 0, "peak_memory_bytes"), "3");
  EXPECT_EQ(cell(table, 0, "bits_per_char").substr(0, 4), "2.61");  // 1.8101 / ln 2 = 2.6115
}

TEST(Summary, AccuracyIsBetterWhenHigher) {
  Comparison c;
  set_task(c, Task::kClassification);
  for (int64_t seed = 1; seed <= 3; ++seed) {
    const double s = 0.001 * static_cast<double>(seed);
    c.runs.push_back(run("off", seed, 0.70 + s, Task::kClassification));
    c.runs.push_back(run("softmax", seed, 0.80 + s, Task::kClassification));
  }
  const auto table = summary(c);
  EXPECT_EQ(cell(table, 0, "phrase"), "softmax");
  EXPECT_EQ(cell(table, 0, "verdict"), "better");
  EXPECT_NE(answer(c).sentence.find(
                "highest validation accuracy, 80.2 ± 0.2 %; 10.0 points ahead of `off`"),
            std::string::npos)
      << answer(c).sentence;
}

TEST(Summary, UnfinishedRunsCountInNoMean) {
  auto c = three_phrases();
  c.runs[2].finished = false;
  c.runs[2].loss = 99;
  c.runs[2].note = "the loss became NaN at step 12";
  const auto table = summary(c);
  EXPECT_EQ(cell(table, 0, "seeds"), "1 of 2");
  EXPECT_EQ(cell(table, 0, "valid_loss"), "1.820");
  EXPECT_EQ(cell(table, 0, "verdict"), "too few seeds to tell");
  const auto said = answer(c);
  ASSERT_FALSE(said.remarks.empty());
  EXPECT_EQ(said.remarks.back(),
            "1 of 6 runs did not finish and count in no mean: `hrr` seed 1 (the loss became NaN at "
            "step 12).");
}

TEST(Summary, RunsThatAnswerAllAlikeAreNamedFirst) {
  auto c = three_phrases();
  const auto before = summary(c).notes;
  c.runs[2].note = kSameAnswer;
  const auto notes = summary(c).notes;
  ASSERT_EQ(notes.size(), before.size() + 1);
  EXPECT_EQ(notes.front().find("NOT TRAINED: 1 of 2 runs of `hrr` gave the same answer"), 0u)
      << notes.front();
}

TEST(Answer, SaysWhatIsToldApart) {
  const auto said = answer(three_phrases());
  EXPECT_NE(said.sentence.find("`hrr` has the lowest validation loss, 1.810 ± "), std::string::npos)
      << said.sentence;
  EXPECT_NE(
      said.sentence.find("0.060 nats ahead of `softmax` and told apart from it over 2 seeds."),
      std::string::npos)
      << said.sentence;
  EXPECT_EQ(said.remarks.at(0), "It beats the control `off` by 0.685 nats.");
}

TEST(Answer, SaysWhatCannotBeToldApart) {
  auto c = three_phrases();
  c.runs[0].loss = 1.79;  // softmax better with seed 1, worse with seed 2
  const auto said = answer(c);
  EXPECT_NE(said.sentence.find("it cannot be told apart from `softmax`"), std::string::npos)
      << said.sentence;
}

TEST(Answer, ABestControlIsCalledAControl) {
  Comparison c;
  c.runs = {run("softmax", 1, 2.0), run("softmax", 2, 2.1), run("mean", 1, 1.5),
            run("mean", 2, 1.6)};
  EXPECT_NE(answer(c).remarks.at(0).find("The best phrase is the control `mean`"),
            std::string::npos);
}

TEST(Answer, OneRunAndNoRun) {
  Comparison c;
  EXPECT_EQ(answer(c).sentence, "There are no runs yet.");
  c.runs = {run("softmax", 1, 1.5)};
  EXPECT_EQ(answer(c).sentence,
            "`softmax` reaches a validation loss of 1.500 nats (2.164 bits per character) in 1 min "
            "05 s.");
  c.runs[0].finished = false;
  EXPECT_EQ(answer(c).sentence, "No run has finished yet.");
}

TEST(Comparison, ControlsAreKnownInsidePhrases) {
  EXPECT_TRUE(is_control("off"));
  EXPECT_TRUE(is_control("separate+window(width=8)+mean"));
  EXPECT_FALSE(is_control("softmax"));
  EXPECT_FALSE(is_control("hrr(scale=time)"));
}

TEST(Summary, EveryRunIsListed) {
  auto c = three_phrases();
  c.runs[5].finished = false;
  const auto table = every_run(c);
  EXPECT_EQ(table.rows.size(), 6u);
  EXPECT_EQ(cell(table, 5, "state"), "not finished");
  EXPECT_EQ(cell(table, 0, "state"), "finished");
}

Comparison with_bag_of_words(double softmax_above, double half) {
  Comparison c;
  set_task(c, Task::kClassification);
  for (const int64_t seed : {1, 2, 3}) {
    c.runs.push_back(
        run("softmax", seed, 0.86 + 0.001 * static_cast<double>(seed), Task::kClassification));
    c.runs.push_back(run("off", seed, 0.84, Task::kClassification));
  }
  auto words = run(kBagOfWords, 0, 0.875, Task::kClassification);
  words.any_seed = true;
  add_line(c, words);
  const auto gap = [&](const char* phrase, double centre) {
    return AgainstWords{phrase, "test", 872, 3, {centre, centre - half, centre + half}};
  };
  c.against_words = {gap("softmax", softmax_above), gap("off", softmax_above - 0.02)};
  return c;
}

TEST(Answer, TheFirstSentenceSaysThatNoAttentionBeatsTheBagOfWords) {
  const auto worse = answer(with_bag_of_words(-0.012, 0.009));
  EXPECT_EQ(worse.sentence.substr(0, worse.sentence.find(". ")),
            "No attention beats the bag of words: the nearest, `softmax`, is worse than it: -1.2 "
            "points (95 % interval -2.1 to -0.3 over 872 test examples, 3 seeds pooled)");
  EXPECT_NE(worse.sentence.find("`softmax` has the highest validation accuracy"),
            std::string::npos);
  const auto equal = answer(with_bag_of_words(0.002, 0.009));
  EXPECT_EQ(
      equal.sentence.find("No attention beats the bag of words: the nearest, `softmax`, cannot "
                          "be told apart from it: +0.2 points"),
      0u);
}

TEST(Answer, AnAttentionAboveTheBagOfWordsIsARemark) {
  const auto said = answer(with_bag_of_words(0.02, 0.009));
  EXPECT_EQ(said.sentence.find("`softmax` has the highest"), 0u);
  EXPECT_NE(
      std::find(said.remarks.begin(), said.remarks.end(),
                "The bag of words is beaten by `softmax` by +2.0 points (95 % interval +1.1 to "
                "+2.9 over 872 test examples, 3 seeds pooled)."),
      said.remarks.end());
}

TEST(Summary, TheBagOfWordsIsAControlInEveryTable) {
  const auto c = with_bag_of_words(-0.012, 0.009);
  const auto table = summary(c);
  EXPECT_EQ(cell(table, 0, "phrase"), "bag of words");
  EXPECT_EQ(cell(table, 0, "seeds"), "–");
  EXPECT_EQ(cell(table, 0, "valid_accuracy").find("87.5"), 0u);
  EXPECT_EQ(cell(table, 0, "verdict"), "better");  // it stands for each of the three seeds
  EXPECT_EQ(cell(table, 0, "seconds"), "1 min 05 s");
  EXPECT_NE(to_csv(table).find("bag of words"), std::string::npos);
  EXPECT_EQ(cell(every_run(c), 6, "seed"), "–");
  EXPECT_TRUE(is_control(kBagOfWords));
}

}  // namespace
}  // namespace regard::report
