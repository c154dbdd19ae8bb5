// The pages and tables of `regard docgraph train`, `predict` and `explain`.
#pragma once

#include "regard/base/json.hpp"
#include "regard/docgraph/models/reasons.hpp"
#include "regard/report/document.hpp"

namespace regard::docgraph {

/// report.html of a run, with one explained test document where there is one.
report::Document run_page(const Training& training);
/// Counts and scores, the same numbers as result.json.
Json run_json(const Training& training);
/// Sentences for people, one a line.
std::string run_text(const Training& training);

/// What `predict --json` prints of a document: the strongest sentences and links.
Json reason_json(const TrainedGraphs& model, const Document& document, const Reason& reason);
/// A document with its shaded sentences and kept links.
report::Document reason_page(const TrainedGraphs& model, const Document& document,
                             const Reason& reason);

}  // namespace regard::docgraph
