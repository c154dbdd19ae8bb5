#include "regard/baselines/bag_of_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "readers/helpers.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/reader.hpp"

namespace regard::baselines {
namespace {

using data::contains;
using data::input_error;

const Texts kSmall{{"the cat sat on the mat", "the dog sat", "A dog, a cat; and THE mat."}};

std::vector<double> sorted_row(const SparseRows& rows, int64_t row) {
  std::vector<double> values(rows.values.begin() + static_cast<std::ptrdiff_t>(rows.begin(row)),
                             rows.values.begin() + static_cast<std::ptrdiff_t>(rows.end(row)));
  std::sort(values.begin(), values.end());
  return values;
}

void expect_near(const std::vector<double>& values, const std::vector<double>& wanted, double by) {
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], wanted[i], by) << i;
}

// The numbers of the two tests that name scikit-learn are those of tests/baselines/reference.py
// with version 1.9.1.
TEST(Tfidf, WeighsAsScikitLearn) {
  const Tfidf tfidf(kSmall);
  EXPECT_EQ(tfidf.columns(), 8 + 12);
  const auto plain = tfidf.weigh(tfidf.counts(kSmall), Frequency::kCount);
  const double a = 0.257710493046, b = 0.338858328494;
  expect_near(sorted_row(plain, 0), {a, a, a, a, b, b, b, b, b, 0.400270375056}, 1e-11);
  expect_near(sorted_row(plain, 1),
              {0.315444151032, 0.406191778143, 0.406191778143, 0.534093374944, 0.534093374944},
              1e-11);
  const auto sublinear = tfidf.weigh(tfidf.counts(kSmall), Frequency::kSublinear);
  const double c = 0.223982902105, d = 0.294510599554;
  expect_near(sorted_row(sublinear, 2),
              {0.173942704412, c, c, c, c, d, d, d, d, d, d, 0.49864979128}, 1e-11);
  const Texts fresh{{"the cat and the zebra"}};
  const double e = 0.409145678384;
  expect_near(sorted_row(tfidf.weigh(tfidf.counts(fresh), Frequency::kCount), 0),
              {0.311165834326, e, e, e, e, 0.483296057285}, 1e-11);
}

TEST(Tfidf, KeepsTheTwoTextsOfARowApart) {
  const Texts pairs{{"the cat", "the dog", "the cat", "a cat"}, 2};
  const Tfidf tfidf(pairs);
  const auto columns_of = [&](std::string_view first, std::string_view second) {
    return tfidf.counts({{first, second}, 2}).columns;
  };
  EXPECT_NE(columns_of("cat", "dog"), columns_of("dog", "cat"));
  EXPECT_EQ(columns_of("cat", "x").size(), 1u);
  EXPECT_EQ(columns_of("cat", "cat").size(), 3u);      // first, second, both
  EXPECT_EQ(columns_of("the cat", "zoo").size(), 3u);  // two words and their pair
}

TEST(Tfidf, ReadsScriptsWithoutBlanksAndRefusesWhatIsNoText) {
  const Texts chinese{{"这部电影很好看", "这部电影不好看"}};
  EXPECT_GT(Tfidf(chinese).columns(), 6);
  EXPECT_EQ(input_error([] {
              Tfidf(Texts{{"...", "!"}});
            }),
            "bag of words: no training text has a word");
  EXPECT_TRUE(contains(input_error([] { Tfidf(Texts{{"fine", "\xFF"}}); }), "no UTF-8"));
  EXPECT_TRUE(contains(input_error([] { Tfidf(Texts{{"a", "b", "c"}, 2}); }), "3 texts"));
}

// Speeches of the eight who speak most often in the shipped text, labelled by speaker; every fifth
// is for validation.
struct Speeches {
  std::vector<std::string> texts;
  std::vector<int32_t> labels;
};

Speeches speeches() {
  const auto path = std::string(REGARD_SOURCE_DIR) + "/data/tinyshakespeare.txt.xz";
  const auto text = std::string(data::read_examples({path}, {}, data::Labels::kNone).documents[0]);
  std::vector<std::pair<std::string, std::string>> parts;
  std::map<std::string, int> count;
  std::vector<std::string> names;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find("\n\n", at), text.size());
    const auto part = text.substr(at, end - at);
    at = end + 2;
    const auto line = part.find('\n');
    if (line == std::string::npos) continue;
    parts.emplace_back(part.substr(0, line), part.substr(line + 1));
    if (count[parts.back().first]++ == 0) names.push_back(parts.back().first);
  }
  std::stable_sort(names.begin(), names.end(),
                   [&](const auto& a, const auto& b) { return count[a] > count[b]; });
  Speeches all;
  for (const auto& [name, words] : parts) {
    const auto rank = std::find(names.begin(), names.end(), name) - names.begin();
    if (rank >= 8) continue;
    all.texts.push_back(words);
    all.labels.push_back(static_cast<int32_t>(rank));
  }
  return all;
}

struct TwoParts {
  Speeches all = speeches();
  Labelled train, valid;
  TwoParts() {
    for (std::size_t i = 0; i < all.texts.size(); ++i) {
      auto& part = i % 5 == 0 ? valid : train;
      part.texts.views.push_back(all.texts[i]);
      part.labels.push_back(all.labels[i]);
    }
  }
};

TEST(Logistic, AnswersAsScikitLearn) {
  const TwoParts parts;
  ASSERT_EQ(parts.valid.labels.size(), 258u);
  const Tfidf tfidf(parts.train.texts);
  EXPECT_NEAR(static_cast<double>(tfidf.columns()), 24953, 60);
  const auto marks_of = [&](double c, Frequency frequency) {
    const auto counts = tfidf.counts(parts.train.texts);
    const Logistic::Problem problem(tfidf.weigh(counts, frequency), parts.train.labels,
                                    tfidf.columns(), 8);
    const auto p =
        Logistic(problem, c).probabilities(tfidf.weigh(tfidf.counts(parts.valid.texts), frequency));
    for (std::size_t k = 0; k < 8; ++k) EXPECT_GE(p[k], 0);
    return mark(p, parts.valid.labels);
  };
  const auto plain = marks_of(4, Frequency::kCount);
  EXPECT_NEAR(plain.accuracy, 112.0 / 258, 0.005);
  EXPECT_NEAR(plain.loss, 1.66195, 0.005);
  const auto sublinear = marks_of(64, Frequency::kSublinear);
  EXPECT_NEAR(sublinear.accuracy, 118.0 / 258, 0.005);
  EXPECT_NEAR(sublinear.loss, 1.57317, 0.005);
}

TEST(BagOfWords, ChoosesByTheValidationPartTheSameEveryTime) {
  const TwoParts parts;
  const BagOfWords one(parts.train, parts.valid, 8), two(parts.train, parts.valid, 8);
  const auto p = one.probabilities(parts.valid.texts);
  EXPECT_EQ(p, two.probabilities(parts.valid.texts));
  const auto marks = mark(p, parts.valid.labels);
  EXPECT_EQ(marks.accuracy, one.choice().accuracy);
  EXPECT_GE(marks.accuracy, 118.0 / 258 - 0.005);
  for (std::size_t i = 0; i < p.size(); i += 8) {
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum += p[i + k];
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(BagOfWords, PrintsNothing) {
  testing::internal::CaptureStdout();
  const Labelled two{{{"good film", "bad film"}}, {1, 0}};
  const BagOfWords model(two, two, 2);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(model.choice().accuracy, 1);
  EXPECT_GT(model.probabilities({{"a good one"}})[1], 0.5);
}

TEST(BagOfWords, RefusesLabelsThatCannotBeLearned) {
  const Labelled one{{{"good", "fine"}}, {1, 1}};
  EXPECT_TRUE(contains(input_error([&] { BagOfWords(one, one, 2); }), "two different ones"));
  const Labelled beyond{{{"good", "fine"}}, {0, 2}};
  EXPECT_TRUE(contains(input_error([&] { BagOfWords(beyond, beyond, 2); }), "from 0 to 1"));
}

// What a user gets elsewhere: TfidfVectorizer(ngram_range=(1, 2)) and
// LogisticRegression(max_iter=1000) of scikit-learn 1.9.1 with the same choices of C and frequency,
// train to learn and dev to choose (docs/small-text.md).
TEST(BagOfWords, IsWithinHalfAPointOfScikitLearnOnSst2) {
  const std::string root = REGARD_SOURCE_DIR "/../shared/data/glue/";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << root << " is not there";
  data::ReaderSpec spec;
  spec.table.text = "sentence";
  const auto part = [&](const char* name) {
    return data::read_examples({root + name}, spec, data::Labels::kRead);
  };
  const auto train = part("sst2_train.tsv.gz"), valid = part("sst2_dev.tsv.gz"),
             test = part("sst2_test.tsv.gz");
  const auto labelled = [](const data::Examples& examples) {
    Labelled rows{{}, examples.labels};
    for (int64_t i = 0; i < examples.size(); ++i) rows.texts.views.push_back(examples.documents[i]);
    return rows;
  };
  const auto rows = labelled(test);
  const BagOfWords model(labelled(train), labelled(valid), 2);
  EXPECT_NEAR(mark(model.probabilities(rows.texts), rows.labels).accuracy, 0.8268, 0.005);
}

}  // namespace
}  // namespace regard::baselines
