// Defaults that follow the size of the data, for texts with labels that are read as words.
// docs/small-text.md says how they were chosen.
#pragma once

#include "regard/data/dataset.hpp"
#include "regard/lab/recipe.hpp"

namespace regard::lab {

/// Sets what neither the recipe's file nor a flag named; the same data gives the same values.
/// Nothing where the data is no text with labels, or is read as bytes or characters.
void fit_to_size(Recipe& recipe, const data::Encoding& encoding, const data::Dataset& train);

}  // namespace regard::lab
