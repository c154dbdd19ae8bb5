// The page of a study, from its results.json.
#pragma once

#include <filesystem>

#include "regard/base/json.hpp"
#include "regard/report/document.hpp"

namespace regard::battery {

/// The table of models: held-out error on the training cells, errors on both tests as mean and half
/// of the 95 % interval over seeds, curve error, beside the published numbers.
report::Table study_table(const Json& results);

report::Document study_document(const Json& results);

void write_study_report(const Json& results, const std::filesystem::path& path);

}  // namespace regard::battery
