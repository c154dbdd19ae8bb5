// From cells to examples: features, tokens and targets of the first n cycles.
#pragma once

#include <filesystem>

#include "regard/battery/models/model.hpp"
#include "regard/battery/severson.hpp"

namespace regard::battery {

/// What the first n cycles of any cell say; tokens are empty where voltage curves are missing. C is
/// the loss at cycle 2, or at the first cycle after it. InputError when n < 20 or the record is too
/// short.
Example make_example(const Cell& cell, int64_t n);

/// All 124 cells in row order, with targets: life, and (A, B) of the curve fitted to the whole life
/// where it is known. For n = 100, dQ(V) has 1000 voltages, and dq_* are of that curve without
/// filters, as Severson et al. have them. Features of the published files come under "published_" +
/// their column; a resistance of 0 is kMissing.
Examples severson_examples(const Severson& data, const std::filesystem::path& folder, int64_t n);

/// The examples of the given rows.
Examples pick(const Examples& all, const std::vector<std::size_t>& rows);

}  // namespace regard::battery
