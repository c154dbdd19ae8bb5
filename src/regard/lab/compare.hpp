// Phrases x seeds, each its own process, at an equal budget; interrupted and continued, nothing
// repeated.
#pragma once

#include <filesystem>
#include <string>

#include "regard/lab/recipe.hpp"
#include "regard/report/comparison.hpp"

namespace regard::lab {

/// Runs what is missing in `folder`/<phrase>/seed<N>, then reads everything and writes report.html
/// and comparison.json.
/// Phrases and seeds may be added to a comparison. InputError when the folder holds one by another
/// recipe, or when two phrases mean the same.
report::Comparison compare(const Recipe& recipe, const std::filesystem::path& folder);

/// Reads a folder of runs without running anything.
report::Comparison read_comparison(const std::filesystem::path& folder);

/// Writes report.html of a run or of a comparison anew.
void write_report(const std::filesystem::path& folder);

}  // namespace regard::lab
