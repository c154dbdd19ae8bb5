#include "regard/docgraph/words.hpp"

#include <cstdio>

#include "regard/data/readers/word_boundaries.hpp"

namespace regard::docgraph {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  data::for_each_segment(text, data::Case::kFold, [&](std::string_view word, data::Segment kind) {
    if (kind == data::Segment::kWord) words.emplace_back(word);
  });
  return words;
}

uint64_t hash_of(std::string_view text, uint64_t before) {
  for (const char c : text) {
    before ^= static_cast<unsigned char>(c);
    before *= 0x100000001b3u;
  }
  return before;
}

std::string hexadecimal(uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

}  // namespace regard::docgraph
