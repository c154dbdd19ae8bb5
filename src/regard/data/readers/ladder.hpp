// Batches of pairs of sequences in few shapes, so that a step is recorded once for each of them.
//
// The pairs are sorted by the longer of their two lengths and cut into at most `rungs` ranges. All
// batches of a range have one shape: rows R, source length S, target length T. Of all such cuts the
// one with the fewest positions in an epoch, padding and empty rows included, is taken.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "regard/data/readers/plan.hpp"

namespace regard::data {

struct PairLength {
  int64_t source = 0, target = 0;
};

/// Positions of a batch: rows (R), of the source and of the target.
struct BatchShape {
  int64_t rows = 0, source = 0, target = 0;
};

class PairPlan : public BatchPlan {
 public:
  /// The batch of a step is padded to this shape; it may have fewer rows than that.
  virtual BatchShape shape(int64_t step) const = 0;
};

/// Every epoch holds each pair once, in an order of its own, in as many batches. `size.tokens` > 0
/// counts the positions of both sides; else a batch has `size.rows` rows. InputError where the
/// budget does not hold the longest pair.
std::unique_ptr<PairPlan> ladder_plan(const std::vector<PairLength>& lengths, BatchSize size,
                                      int64_t rungs, uint64_t seed);

/// Each pair once, shortest first, `rows` of them in a batch, padded to its longest.
std::unique_ptr<PairPlan> pair_sweep(const std::vector<PairLength>& lengths, int64_t rows);

}  // namespace regard::data
