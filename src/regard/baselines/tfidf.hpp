// Texts as weighted counts of their words and of two words in a row.
//
//   tf    = n, or 1 + ln n (sublinear)          n: how often the column occurs in the row
//   idf   = ln((1 + N) / (1 + df)) + 1          df: rows of N with the column
//   row   = tf idf / |tf idf|_2
//
// as TfidfVectorizer(ngram_range=(1, 2)) of scikit-learn 1.x. Words are the segments of
// readers/word_boundaries.hpp that hold a letter, a digit or an ideograph, capitals read as small
// letters; words of one letter count.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace regard::baselines {

/// Rows of `per_row` texts each. The words of different texts of a row are different columns, and
/// with two texts so are the words that both hold.
struct Texts {
  std::vector<std::string_view> views;
  int64_t per_row = 1;
  int64_t size() const { return static_cast<int64_t>(views.size()) / per_row; }
};

/// Compressed rows: those of row i are ends[i-1] .. ends[i]-1, columns increasing.
struct SparseRows {
  std::vector<std::size_t> ends;
  std::vector<int32_t> columns;
  std::vector<double> values;
  int64_t size() const { return static_cast<int64_t>(ends.size()); }
  std::size_t begin(int64_t row) const {
    return row == 0 ? 0 : ends[static_cast<std::size_t>(row) - 1];
  }
  std::size_t end(int64_t row) const { return ends[static_cast<std::size_t>(row)]; }
};

enum class Frequency { kCount, kSublinear };

class Tfidf {
 public:
  /// Learns columns and idf from the training rows, and gives their counts where asked. Of more
  /// than 2^21 pairs those of a single row are left out. InputError when a text is no UTF-8 or no
  /// row has a word.
  explicit Tfidf(const Texts& training, SparseRows* its_counts = nullptr);

  /// Counts of the known columns.
  SparseRows counts(const Texts& texts) const;
  /// Weighted counts with rows of norm 1; a row without a known word is empty.
  SparseRows weigh(SparseRows counts, Frequency frequency) const;
  int64_t columns() const { return static_cast<int64_t>(idf_.size()); }

 private:
  void learn_pairs(const std::vector<std::vector<int32_t>>& rows);
  void append_row(const std::vector<int32_t>& ids, SparseRows& to) const;

  std::unordered_map<std::string, int32_t> words_;  // columns of words
  std::unordered_map<uint64_t, int32_t> pairs_;     // of two words in a row
  std::vector<double> idf_;                         // of each column
};

}  // namespace regard::baselines
