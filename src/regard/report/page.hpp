// report.html: one file with everything in it, which loads nothing from anywhere.
#pragma once

#include <filesystem>
#include <string>

#include "regard/report/comparison.hpp"
#include "regard/report/plotly.hpp"

namespace regard::report {

/// The whole page. Without a bundle it has every table, and a sentence in place of the figures. A
/// content security policy in its head forbids every request, so that a report can be opened,
/// mailed and kept.
std::string page(const Comparison& comparison, const Plotly& plotly);

/// Finds the bundle and writes the page; the file appears complete or not at all.
void write_page(const Comparison& comparison, const std::filesystem::path& path);

}  // namespace regard::report
