// What happens to graphs when foreign sentences come into documents, and whether planted links are
// found.
#pragma once

#include "regard/docgraph/corpus.hpp"
#include "regard/docgraph/sentence_graph.hpp"

namespace regard::docgraph {

/// A test corpus with `share` of foreign sentences put at random places into each document: of a
/// document of n sentences round(share n), from other documents. `foreign` of each document says
/// which sentences they are.
struct Disturbed {
  Corpus corpus;
  std::vector<std::vector<bool>> foreign;
};
Disturbed with_foreign(const Corpus& corpus, const std::vector<int64_t>& rows, double share,
                       uint64_t seed);

/// The share of links that touch no foreign sentence.
double clean_share(const std::vector<SentenceGraph>& graphs,
                   const std::vector<std::vector<bool>>& foreign);

/// Share of planted pairs for which the strongest link of one of the two sentences leads to the
/// other; of graphs without weights, the share of links at the sentence is counted.
double planted_recall(const Corpus& corpus, const std::vector<SentenceGraph>& graphs,
                      const std::vector<int64_t>& rows);

}  // namespace regard::docgraph
