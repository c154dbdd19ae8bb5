// The bag of words beside a run or a comparison: TF-IDF with logistic regression on the same split
// (baselines/bag_of_words.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "regard/lab/answers.hpp"
#include "regard/lab/recipe.hpp"
#include "regard/report/comparison.hpp"

namespace regard::lab {

struct WordsResult {
  double c = 0;
  bool sublinear = false;
  int64_t columns = 0;
  double valid_loss = 0, valid_accuracy = 0;
  double test_loss = 0, test_accuracy = 0;  // NaN without test data
  double seconds = 0;                       // reading the texts included
  Right right;
};

/// Whether a bag of words says something here: texts with labels, read as words or characters from
/// files that can be read twice, and the recipe wants it.
bool wants_words(const Recipe& recipe, const data::Encoding& encoding);

/// Reads the texts anew, fits, and writes `folder`/bag_of_words.json; what that holds already is
/// not fitted again. Nothing where the texts have no words, which is said on standard error.
std::optional<WordsResult> fit_words(const Recipe& recipe, const std::filesystem::path& folder);
/// What the folder holds, or nothing.
std::optional<WordsResult> read_words(const std::filesystem::path& folder);

/// "bag of words: ..." for people.
std::string words_line(const WordsResult& result);
/// A row of a report.
report::Run words_run(const WordsResult& result);
/// Each phrase against the bag of words on the test part, or where there is none on the validation
/// part.
/// `folders` holds the finished runs of each phrase.
struct PhraseFolders {
  std::string phrase;
  std::vector<std::filesystem::path> folders;
};
std::vector<report::AgainstWords> against_words(const WordsResult& words,
                                                const std::vector<PhraseFolders>& phrases);

}  // namespace regard::lab
