// Why a document got its label: what the log-odds of the label lose when a sentence or a link is
// taken out of its graph. The graph is that of the whole document; it is not learned anew.
//
//   log-odds of class c = log p_c - log(1 - p_c);   effect = that of the graph - that without the
//     part
#pragma once

#include "regard/docgraph/models/run.hpp"

namespace regard::docgraph {

struct SentenceEffect {
  int64_t sentence = 0;  // of the document
  double effect = 0;
};
struct LinkEffect {
  int64_t a = 0, b = 0;  // sentences
  double weight = 0;     // of the attention
  double effect = 0;
};

struct Reason {
  int64_t label = 0;
  std::vector<double> probabilities;
  std::vector<SentenceEffect> sentences;  // in the order of the text
  std::vector<LinkEffect> links;          // the strongest effect first
  int64_t edges = 0;
  std::vector<Link> kept;  // all links, by sentences
  bool cut = false;        // links were left out: only those of the largest weight were tried
};

/// At most this many links are taken out one after another; those of the largest weights.
inline constexpr int64_t kMostLinks = 400;
inline constexpr std::size_t kStrongest = 20;

Reason reason_of(const TrainedGraphs& model, const Vectors& vectors, int64_t document,
                 const SentenceGraph& graph);

}  // namespace regard::docgraph
