// The words of a sentence, and a hash that is the same everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regard::docgraph {

/// Segments with a letter, digit or ideograph, as small letters (data/readers/word_boundaries.hpp).
std::vector<std::string> words_of(std::string_view text);

/// FNV-1a of 64 bits, which `before` goes on with.
inline constexpr uint64_t kHashStart = 0xcbf29ce484222325u;
uint64_t hash_of(std::string_view text, uint64_t before = kHashStart);

/// Sixteen digits.
std::string hexadecimal(uint64_t value);

}  // namespace regard::docgraph
