// Run folders -> what the report layer draws.
#pragma once

#include <filesystem>
#include <vector>

#include "regard/report/comparison.hpp"

namespace regard::lab {

/// One finished or unfinished run folder as the report sees it.
report::Run report_run(const std::filesystem::path& folder, const std::string& phrase,
                       int64_t seed);

/// The attention weights of a run on its first validation inputs, at most 64 positions each.
std::vector<report::AttentionMap> attention_maps(const std::filesystem::path& folder);

/// Writes report.html into the folder of one run.
void write_run_report(const std::filesystem::path& folder);

}  // namespace regard::lab
