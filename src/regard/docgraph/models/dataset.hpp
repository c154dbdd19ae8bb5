// Documents as tensors: all sentence vectors in one matrix, and batches of rows of it.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "regard/docgraph/corpus.hpp"
#include "regard/docgraph/encoder.hpp"
#include "regard/docgraph/sentence_graph.hpp"
#include "regard/nn/batch.hpp"

namespace regard::docgraph {

/// Sentence vectors of a corpus, one document behind the other.
struct Vectors {
  torch::Tensor all;          // (sentences + 1, d) float; the last row is 0, for padding
  std::vector<int64_t> ends;  // of each document
  int64_t width() const { return all.size(1); }
  int64_t begin(int64_t document) const {
    return document == 0 ? 0 : ends[static_cast<std::size_t>(document) - 1];
  }
  int64_t sentences(int64_t document) const {
    return ends[static_cast<std::size_t>(document)] - begin(document);
  }
  /// (n, d) of one document.
  torch::Tensor of(int64_t document) const;
  std::span<const float> values(int64_t document) const;
};

/// `values` (sentences, width) times `scale`.
Vectors vectors_of(const Corpus& corpus, const std::vector<float>& values, int64_t width,
                   double scale);

/// Every sentence of the corpus, document by document; of some documents alone.
std::vector<std::string> all_sentences(const Corpus& corpus);
std::vector<std::string> all_sentences(const Corpus& corpus, const std::vector<int64_t>& rows);

/// 1 / root mean square of the vectors of the documents `rows`; 1 where all are 0.
double scale_of(const Corpus& corpus, const std::vector<float>& values, int64_t width,
                const std::vector<int64_t>& rows);

/// One example of a batch: a document and, for graph networks, its graph.
struct Item {
  int64_t document = 0;
  const SentenceGraph* graph = nullptr;
  int32_t label = 0;
};

/// Inputs (B, T, d), lengths, targets; with graphs also their edges.
nn::Batch make_batch(const Vectors& vectors, const std::vector<Item>& items);

/// An id for each different sentence of a document.
std::vector<int64_t> sentence_ids(const Document& document);

}  // namespace regard::docgraph
