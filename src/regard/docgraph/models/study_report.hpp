// Tables and the page of `regard docgraph compare`, from its results.json.
#pragma once

#include <filesystem>

#include "regard/docgraph/models/study.hpp"
#include "regard/report/document.hpp"

namespace regard::docgraph {

report::Table study_table(const Json& results);
report::Table difference_table(const Json& results);
/// Whether learned structure helps: the last entry beats shuffled, full and mean_pool with
/// intervals above 0. A sentence for people, also where it does not or where a control is missing.
std::string verdict(const Json& results);
report::Document study_page(const Json& results, const std::string& recipe);

}  // namespace regard::docgraph
