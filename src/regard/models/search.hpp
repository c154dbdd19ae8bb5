// Texts written one token after another for B sources at once, by a model that is known as a step
// alone: greedily, by a beam, or drawn.
//
//   score(y) = log P(y | source) / ((5 + |y|) / 6)^alpha     |y|: tokens with the end (Wu et al.
//     2016)
//
// A source whose texts have ended leaves the batch. What a source gets does not depend on the
// others.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "regard/models/sampling.hpp"

namespace regard::models {

/// The model: rows of texts, as many for each source, one source after the other.
struct SearchModel {
  /// The next ids (rows, 1) -> logits (rows, V) of the token after them.
  Step next;
  /// The rows that go on, in this order, int64 on the CPU; always all rows of a source or none.
  std::function<void(const torch::Tensor& rows)> select;
};

/// What the search is told of its texts.
struct SearchTask {
  int32_t begin = 0, end = 0;    // the first id given, and the one that ends a text
  std::vector<int64_t> longest;  // (B) tokens of each text, without its end, which comes then
};

struct Hypothesis {
  std::vector<int32_t> ids;    // without begin and end
  double log_probability = 0;  // with the end
  double score = 0;
};

/// The likeliest token at each step, one text a source.
std::vector<Hypothesis> greedy_search(const SearchModel& model, const SearchTask& task);

struct BeamOptions {
  int64_t beam = 5;
  int64_t nbest = 1;          // at most `beam`
  double length_penalty = 1;  // alpha; 0: none
};

/// For each source its best texts, the best first, from rows of `beam` texts a source; a source is
/// done when `beam` of its texts have ended. Equal to trying all texts where the beam is as wide as
/// their number.
std::vector<std::vector<Hypothesis>> beam_search(const SearchModel& model, const SearchTask& task,
                                                 const BeamOptions& options);

/// A text drawn for each source; that of source b depends on (sampling.seed, rows[b]) alone.
std::vector<Hypothesis> draw_texts(const SearchModel& model, const SearchTask& task,
                                   const Sampling& sampling, const std::vector<int64_t>& rows);

}  // namespace regard::models
