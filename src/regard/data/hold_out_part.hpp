// A part of the training data for validation, where none is named.
#pragma once

#include "regard/data/prepare.hpp"

namespace regard::data {

/// "12.5 %"
std::string percent(double fraction);

/// valid_fraction of the examples of each label, drawn by split_seed; documents for a masked
/// language model, each whole in one part; for a language model the last part of the text.
Parts hold_out_part(const DataSpec& spec, const Examples& all, const Task& task);

}  // namespace regard::data
