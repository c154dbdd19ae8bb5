// Finds Plotly's JavaScript bundle (MIT licence, from the Python package `plotly`), which draws the
// figures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace regard::report {

struct Plotly {
  std::string code;     // empty when no bundle was found
  std::string missing;  // then: where it was looked for, in one sentence
};

/// $REGARD_PLOTLY; the path known when Regard was built; <program>/../share/regard/plotly.min.js;
/// and .venv/lib/python3*/site-packages/plotly/package_data/plotly.min.js in a folder above the
/// program.
std::vector<std::filesystem::path> plotly_places();

/// Reads the first of the places that has it. $REGARD_PLOTLY, when set, is the only place.
Plotly find_plotly();

}  // namespace regard::report
