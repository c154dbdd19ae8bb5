// Two text files where line n of one is the translation of line n of the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "regard/data/readers/reader.hpp"

namespace regard::data {

/// One side of aligned lines: the name of its file, for messages, and its text.
struct Side {
  std::string name;
  std::string_view content;
};

/// Adds a pair for each two lines; a pair of two empty lines is left out as an empty document.
/// InputError for unequal numbers of lines, and for a line that is empty on one side alone, since
/// leaving it out of one file would shift the pairs (`refuse_half` false: the pair is left out).
void parse_aligned(const Side& source, const Side& target, bool refuse_half, ExamplesBuilder& into);

/// All pairs of `sources` and `targets`, file by file. InputError for unequal numbers of files.
Examples read_aligned(const std::vector<std::string>& sources,
                      const std::vector<std::string>& targets, const ReaderSpec& spec);

/// The lines of a text, without what ends them; an end of the last line begins no other.
std::vector<std::string_view> lines_of(std::string_view content);

}  // namespace regard::data
