// Which documents train, which choose the best epoch, which are the test: by label and seed, and
// like texts never in two parts.
#pragma once

#include <cstdint>
#include <vector>

#include "regard/docgraph/corpus.hpp"

namespace regard::docgraph {

struct Parts {
  std::vector<int64_t> train, valid, test;  // increasing
};

struct Shares {
  double valid = 0.15, test = 0.2;  // test 0: none
};

/// InputError where a part would hold no document, or a class has no training document.
Parts split_parts(const Corpus& corpus, const Shares& shares, uint64_t seed);

/// Part `fold` of `folds` is the test, the rest is divided as above.
Parts fold_parts(const Corpus& corpus, int64_t folds, int64_t fold, double valid, uint64_t seed);

}  // namespace regard::docgraph
