// Noise in texts, to see what a model does with texts that nobody has read through.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "regard/data/readers/examples.hpp"

namespace regard::data {

/// swap       two characters side by side change places
/// drop       a character is left out
/// insert     a letter, a to z, comes behind a character
/// word_drop  a word is left out, but never all of them
struct Noise {
  enum class Kind { kNone, kSwap, kDrop, kInsert, kWordDrop };
  Kind kind = Kind::kNone;
  double rate = 0;  // of each character, or of each word
  uint64_t seed = 1;
};

/// From "swap=0.1", "drop=...", "insert=..." or "word-drop=...". InputError for anything else.
Noise parse_noise(const std::string& text, uint64_t seed);

/// The text with noise; a function of (seed, example) alone. Line ends and tabs stay where they
/// are.
std::string noisy(std::string_view text, const Noise& noise, uint64_t example);

/// The same examples with noise in every document; their labels stay. InputError for images and for
/// sentences with a label for each token.
Examples with_noise(Examples examples, const Noise& noise);

}  // namespace regard::data
