// Run folders -> what the report layer draws.
#pragma once

#include <filesystem>
#include <vector>

#include "regard/report/comparison.hpp"

namespace regard::lab {

/// One finished or unfinished run folder as the report sees it.
report::Run report_run(const std::filesystem::path& folder, const std::string& phrase,
                       int64_t seed);

/// The attention weights of a run on a few inputs that it was not trained on, at most 64 positions
/// each; none where the data is there no more.
std::vector<report::AttentionMap> attention_maps(const std::filesystem::path& folder);

/// Writes report.html into the folder of one run.
void write_run_report(const std::filesystem::path& folder);

}  // namespace regard::lab
