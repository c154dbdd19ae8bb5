#include "regard/metrics/chrf.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "regard/metrics/white_space.hpp"

namespace regard::metrics {
namespace {

// Characters of a line without white space, and its words with punctuation at an end apart.
struct Line {
  std::u32string characters;
  std::vector<std::string_view> words;
};

bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

void add_word(std::string_view word, std::size_t characters, std::vector<std::string_view>& words) {
  const auto last = word.size() - 1;
  if (characters > 1 && is_punctuation(word[last])) {
    words.insert(words.end(), {word.substr(0, last), word.substr(last)});
  } else if (characters > 1 && is_punctuation(word[0])) {
    words.insert(words.end(), {word.substr(0, 1), word.substr(1)});
  } else {
    words.push_back(word);
  }
}

Line read(std::string_view text) {
  Line line;
  for (const auto word : split_at_white_space(text)) {
    const auto before = line.characters.size();
    for (auto rest = word; !rest.empty();)
      line.characters += static_cast<char32_t>(take_character(rest));
    add_word(word, line.characters.size() - before, line.words);
  }
  return line;
}

template <class Key>
using Counts = std::unordered_map<Key, int64_t>;

Counts<std::u32string_view> character_ngrams(const Line& line, std::size_t order) {
  Counts<std::u32string_view> counts;
  const std::u32string_view all = line.characters;
  for (std::size_t i = 0; i + order <= all.size(); ++i) ++counts[all.substr(i, order)];
  return counts;
}

Counts<std::string> word_ngrams(const Line& line, std::size_t order) {
  Counts<std::string> counts;
  for (std::size_t i = 0; i + order <= line.words.size(); ++i) {
    std::string ngram;
    for (std::size_t n = 0; n < order; ++n) {
      if (n > 0) ngram += ' ';
      ngram += line.words[i + n];
    }
    ++counts[ngram];
  }
  return counts;
}

template <class Key>
void count(const Counts<Key>& said, const Counts<Key>& meant, std::size_t order, ChrfCounts& into) {
  for (const auto& [ngram, number] : meant) into.reference[order] += number;
  if (meant.empty()) return;
  for (const auto& [ngram, number] : said) {
    into.ngrams[order] += number;
    const auto found = meant.find(ngram);
    if (found != meant.end()) into.matches[order] += std::min(number, found->second);
  }
}

double score(const ChrfCounts& counts, std::size_t orders) {
  constexpr double kFactor = 4;  // beta squared
  double precision = 0, recall = 0, used = 0;
  for (std::size_t n = 0; n < orders; ++n) {
    if (counts.ngrams[n] == 0 || counts.reference[n] == 0) continue;
    const auto matches = static_cast<double>(counts.matches[n]);
    precision += matches / static_cast<double>(counts.ngrams[n]);
    recall += matches / static_cast<double>(counts.reference[n]);
    ++used;
  }
  if (used == 0 || precision + recall == 0) return 0;
  precision /= used;
  recall /= used;
  return 100 * (1 + kFactor) * precision * recall / (kFactor * precision + recall);
}

}  // namespace

ChrfCounts& ChrfCounts::operator+=(const ChrfCounts& other) {
  for (std::size_t n = 0; n < kOrders; ++n) {
    matches[n] += other.matches[n];
    ngrams[n] += other.ngrams[n];
    reference[n] += other.reference[n];
  }
  return *this;
}

ChrfCounts chrf_counts(std::string_view translation, std::string_view reference) {
  const auto said = read(translation), meant = read(reference);
  ChrfCounts counts;
  for (std::size_t n = 0; n < ChrfCounts::kCharacters; ++n)
    count(character_ngrams(said, n + 1), character_ngrams(meant, n + 1), n, counts);
  for (std::size_t n = ChrfCounts::kCharacters; n < ChrfCounts::kOrders; ++n) {
    const auto order = n - ChrfCounts::kCharacters + 1;
    count(word_ngrams(said, order), word_ngrams(meant, order), n, counts);
  }
  return counts;
}

double chrf(const ChrfCounts& counts) { return score(counts, ChrfCounts::kCharacters); }
double chrf_plus_plus(const ChrfCounts& counts) { return score(counts, ChrfCounts::kOrders); }

}  // namespace regard::metrics
