// Batches by their step. A batch is a pure function of (seed, step), so that a run resumes from the
// step alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "regard/nn/batch.hpp"

namespace regard::data {

class Stream {
 public:
  virtual ~Stream() = default;
  /// The batch of `step` = 0, 1, ...; an evaluation has steps_per_epoch() of them.
  virtual nn::Batch batch(int64_t step) = 0;
  virtual int64_t steps_per_epoch() const = 0;
  /// The examples in the rows of that batch; for text without rows, the first token of each window.
  virtual std::vector<int64_t> examples(int64_t step) const = 0;
};

}  // namespace regard::data
