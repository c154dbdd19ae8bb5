// One pass over a text for the power chain: what MM and the score of alpha need.
#pragma once

#include "regard/theory/markov/text_model.hpp"

namespace regard::markov {

struct Sweep {
  double log_likelihood = 0, score = 0;  // score: its derivative by alpha at fixed pi
  int64_t tokens = 0;
  std::vector<double>
      weight;  // (K, K + 1) sum of (N_i + epsilon)^alpha / Z: the denominators of MM
};

/// The text is cut into pieces of fixed number, so that sums are the same on any number of threads.
Sweep sweep(const PowerChain& model, const Text& text, Part part, int64_t threads, bool weights);

}  // namespace regard::markov
