// Texts cut where Unicode says that words end (UAX 29), by ICU, whose dictionaries know scripts
// without blanks.
#pragma once

#include <functional>
#include <string_view>

namespace regard::data {

enum class Case { kKeep, kFold };
enum class Segment {
  kWord,
  kMark
};  // letters, digits and ideographs; punctuation, symbols and emoji

/// Calls `each` with every segment of `text` in UTF-8, blanks and control characters left out.
/// Letters that are written in several ways become one (composed and decomposed, by NFC); kFold
/// also reads capitals as small letters, wide letters and ligatures as plain ones, and leaves out
/// what has no width (NFKC_Casefold). InputError when the text is no UTF-8.
void for_each_segment(std::string_view text, Case letters,
                      const std::function<void(std::string_view, Segment)>& each);

}  // namespace regard::data
