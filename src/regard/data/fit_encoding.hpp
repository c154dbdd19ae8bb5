// What the training part decides: tokenizer, labels, the longest input.
#pragma once

#include "regard/data/prepare.hpp"

namespace regard::data {

/// InputError where max_length or pad_to has no meaning for these examples.
void check_lengths(const DataSpec& spec, const Examples& training, const Task& task);

/// The encoding of the training part, with the tokenizer that `spec` names or the task suggests.
/// InputError for a single label, and for a tokenizer or a vocabulary that the task cannot have.
Encoding fit_encoding(const DataSpec& spec, const Examples& training, const Task& task,
                      const Begun& begun);

}  // namespace regard::data
