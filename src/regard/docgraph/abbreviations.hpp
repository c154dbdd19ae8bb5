// Whether a piece of text that ends with a full stop goes on behind it: initials, abbreviations,
// German ordinals.
#pragma once

#include <string_view>

#include "regard/docgraph/sentences.hpp"

namespace regard::docgraph {

/// `before` and `after` are what a sentence boundary was found between, without blanks around them.
///   initials        "A. | Jones", "z. | B."; of two letters and more ("U.S.") unless a word
///     follows
///                   that often begins a sentence
///   before all      "Dr. | Lee"
///   before numbers  "Jan. | 5"
///   ordinals (de)   "3. | Oktober", before a month or another word that is counted
bool goes_on(std::string_view before, std::string_view after, Language language);

}  // namespace regard::docgraph
