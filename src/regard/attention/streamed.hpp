// A fold over a sequence that comes in chunks: its keys are read in passes, each of which keeps a
// state of fixed size, and a last pass gives the outputs.
#pragma once

#include <functional>

#include "regard/attention/fold.hpp"

namespace regard::attention {

/// Thrown by a layer that has read what it wanted, so that the layers above it are left out of this
/// pass.
struct LayerRead {};

/// What a streamed fold has to know of the model around it.
struct StreamPlace {
  /// Gives rows (1, h, n, d) of q or k their positions, the first of them at `first`; empty: none.
  std::function<torch::Tensor(const torch::Tensor& rows, int64_t first)> positions;
  bool cls = false;  // each chunk has the CLS token as its first row
};

/// Stands in a phrase where the fold stood that gave it.
class StreamedFold : public Fold {
 public:
  /// Where the rows of a chunk stand.
  struct Rows {
    int64_t first = 0;      // tokens before the chunk
    torch::Tensor weights;  // (n) float64: how often each row occurs; undefined: once
  };

  /// Passes over the keys before outputs can be given.
  virtual int passes() const = 0;
  /// The pass that the next chunks are for; `passes()`: outputs.
  virtual void set_pass(int pass) = 0;
  virtual void set_rows(Rows rows) = 0;
  /// Forgets all that was read.
  virtual void clear() = 0;
};

}  // namespace regard::attention
