#include "regard/baselines/tfidf.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/data/readers/word_boundaries.hpp"

namespace regard::baselines {
namespace {

constexpr std::size_t kMostPairs = std::size_t{1} << 21;
constexpr int32_t kNone = -1;  // an unknown word, or the end of a text

uint64_t key_of(int32_t first, int32_t second) {
  return uint64_t{static_cast<uint32_t>(first)} << 32 | static_cast<uint32_t>(second);
}

// The words of a text, each behind `mark`, which keeps the texts of a row apart.
std::vector<std::string> words_of(std::string_view text, const std::string& mark) {
  std::vector<std::string> words;
  data::for_each_segment(text, data::Case::kFold, [&](std::string_view word, data::Segment kind) {
    if (kind == data::Segment::kWord) words.push_back(mark + std::string(word));
  });
  return words;
}

// Ids of the words of a row, kNone behind each text.
template <class IdOf>
std::vector<int32_t> ids_of(const Texts& texts, int64_t row, const IdOf& id_of) {
  std::vector<int32_t> ids;
  const auto add = [&](std::string_view text, const std::string& mark) {
    const auto words = words_of(text, mark);
    for (const auto& word : words) ids.push_back(id_of(word));
    ids.push_back(kNone);
    return words;
  };
  const auto* first = &texts.views[static_cast<std::size_t>(row * texts.per_row)];
  if (texts.per_row == 1) {
    add(first[0], "");
    return ids;
  }
  auto a = add(first[0], "1 "), b = add(first[1], "2 ");
  for (auto* words : {&a, &b}) {
    for (auto& word : *words) word.erase(0, 2);
    std::sort(words->begin(), words->end());
    words->erase(std::unique(words->begin(), words->end()), words->end());
  }
  std::vector<std::string> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  for (const auto& word : both) {
    ids.push_back(id_of("3 " + word));
    ids.push_back(kNone);
  }
  return ids;
}

template <class F>
void for_each_pair(const std::vector<int32_t>& ids, F&& each) {
  for (std::size_t i = 1; i < ids.size(); ++i) {
    if (ids[i - 1] != kNone && ids[i] != kNone) each(key_of(ids[i - 1], ids[i]));
  }
}

void check(const Texts& texts) {
  if ((texts.per_row == 1 || texts.per_row == 2) && texts.size() > 0 &&
      texts.size() * texts.per_row == static_cast<int64_t>(texts.views.size()))
    return;
  throw InputError("bag of words: rows of one or two texts were expected, and " +
                   std::to_string(texts.views.size()) + " texts in rows of " +
                   std::to_string(texts.per_row) + " came");
}

}  // namespace

Tfidf::Tfidf(const Texts& training, SparseRows* its_counts) {
  check(training);
  std::vector<std::vector<int32_t>> rows;
  for (int64_t row = 0; row < training.size(); ++row) {
    rows.push_back(ids_of(training, row, [&](const std::string& word) {
      return words_.emplace(word, static_cast<int32_t>(words_.size())).first->second;
    }));
  }
  if (words_.empty()) throw InputError("bag of words: no training text has a word");
  learn_pairs(rows);
  SparseRows counts;
  for (const auto& ids : rows) append_row(ids, counts);
  std::vector<int64_t> rows_with(words_.size() + pairs_.size());
  for (const auto column : counts.columns) ++rows_with[static_cast<std::size_t>(column)];
  const auto n = static_cast<double>(training.size());
  for (const auto df : rows_with)
    idf_.push_back(std::log((1 + n) / (1 + static_cast<double>(df))) + 1);
  if (its_counts != nullptr) *its_counts = std::move(counts);
}

// Columns in the order of the texts, so that they are the same with every library of hash tables.
void Tfidf::learn_pairs(const std::vector<std::vector<int32_t>>& rows) {
  struct Seen {
    uint64_t key;
    int32_t rows, last_row;
  };
  std::vector<Seen> seen;
  std::unordered_map<uint64_t, std::size_t> place;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for_each_pair(rows[row], [&](uint64_t key) {
      const auto at = place.emplace(key, seen.size()).first->second;
      if (at == seen.size()) seen.push_back({key, 0, kNone});
      const auto now = static_cast<int32_t>(row);
      if (std::exchange(seen[at].last_row, now) != now) ++seen[at].rows;
    });
  }
  const int32_t least = seen.size() > kMostPairs ? 2 : 1;
  for (const auto& pair : seen) {
    if (pair.rows >= least)
      pairs_.emplace(pair.key, static_cast<int32_t>(words_.size() + pairs_.size()));
  }
}

void Tfidf::append_row(const std::vector<int32_t>& ids, SparseRows& to) const {
  std::vector<int32_t> columns;
  for (const auto id : ids) {
    if (id != kNone) columns.push_back(id);
  }
  for_each_pair(ids, [&](uint64_t key) {
    const auto found = pairs_.find(key);
    if (found != pairs_.end()) columns.push_back(found->second);
  });
  std::sort(columns.begin(), columns.end());
  const auto begin = to.columns.size();
  for (const auto column : columns) {
    if (to.columns.size() == begin || to.columns.back() != column) {
      to.columns.push_back(column);
      to.values.push_back(0);
    }
    ++to.values.back();
  }
  to.ends.push_back(to.columns.size());
}

SparseRows Tfidf::counts(const Texts& texts) const {
  check(texts);
  SparseRows rows;
  for (int64_t row = 0; row < texts.size(); ++row) {
    append_row(ids_of(texts, row,
                      [&](const std::string& word) {
                        const auto found = words_.find(word);
                        return found == words_.end() ? kNone : found->second;
                      }),
               rows);
  }
  return rows;
}

SparseRows Tfidf::weigh(SparseRows rows, Frequency frequency) const {
  for (int64_t row = 0; row < rows.size(); ++row) {
    double square = 0;
    for (auto i = rows.begin(row); i < rows.end(row); ++i) {
      auto& value = rows.values[i];
      if (frequency == Frequency::kSublinear) value = 1 + std::log(value);
      value *= idf_[static_cast<std::size_t>(rows.columns[i])];
      square += value * value;
    }
    if (square == 0) continue;
    const double scale = 1 / std::sqrt(square);
    for (auto i = rows.begin(row); i < rows.end(row); ++i) rows.values[i] *= scale;
  }
  return rows;
}

}  // namespace regard::baselines
