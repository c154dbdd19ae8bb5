// Words as BERT reads a text (Devlin et al. 2019): cleaned, ideographs and punctuation apart.
#pragma once

#include <functional>
#include <string_view>

#include "regard/data/readers/word_boundaries.hpp"

namespace regard::data {

/// Calls `each` with every word of the text, in order:
///   clean   U+0000, U+FFFD and the categories Cc, Cf, Co are left out, but tab and line ends,
///     which
///           are blanks as all White_Space is; unassigned points stay
///   apart   an ideograph is a word of its own
///   kFold   NFD without nonspacing marks, then each character to its small letter
///   split   at blanks, and before and behind each punctuation mark
/// InputError where the text is no UTF-8.
void for_each_bert_word(std::string_view text, Case letters,
                        const std::function<void(std::string_view)>& each);

}  // namespace regard::data
