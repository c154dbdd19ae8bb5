// Sentences with a label for each token, one token a line (the form of the CoNLL shared tasks).
//
//   EU      B-ORG        columns are split at tabs, or at blanks where a line has no tab;
//   rejects O            the token comes first, the label last; what lies between is not read.
//                        A blank line, and a line that begins with -DOCSTART-, end a sentence.
#pragma once

#include <string>
#include <string_view>

#include "regard/data/readers/examples.hpp"

namespace regard::data {

enum class TokenLabels { kRead, kSkip };

/// Adds the sentences of `content`, which are in UTF-8. InputError with file and line for a token
/// with a blank in it, for a token without a label where labels are read, and for a file without a
/// sentence.
void parse_conll(std::string_view content, const std::string& name, TokenLabels labels,
                 ExamplesBuilder& into);

}  // namespace regard::data
