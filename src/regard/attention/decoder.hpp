// Generation: positions one after another, or many at once, equal to the parallel form.
#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "regard/attention/projection.hpp"

namespace regard::attention {

/// Keys and values of kept rows, of positions first, first + 1, ...
using ReadRows = std::function<KeyValue(const std::vector<torch::Tensor>& rows, int64_t first)>;

/// Rows that are k and v themselves.
KeyValue keys_and_values(const std::vector<torch::Tensor>& rows, int64_t first);

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// The next T positions, each a query: q (B, h, T, d), undefined where the fold does not use it;
  /// rows as the projection keeps them, (B, g, T, c) each; bias (h, T, positions so far) or
  /// undefined.
  /// Returns y (B, h, T, d).
  virtual torch::Tensor extend(const torch::Tensor& q, const std::vector<torch::Tensor>& rows,
                               const torch::Tensor& bias) = 0;
  /// The examples of the batch that go on, in this order, int64 (n).
  virtual void select(const torch::Tensor& examples) = 0;
  /// Bytes that the state takes.
  virtual int64_t bytes() const = 0;

  /// `extend` with rows that are k and v.
  torch::Tensor step(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                     const torch::Tensor& bias) {
    return extend(q, {k, v}, bias);
  }
};

/// Rows (B, g, T, c) of the positions so far, in a buffer that grows in place.
class RowCache {
 public:
  /// Appends rows along T; an undefined tensor is skipped, and stays undefined.
  void append(const torch::Tensor& rows);
  /// Forgets all but the last `count` positions.
  void keep_last(int64_t count);
  void select(const torch::Tensor& examples);
  /// (B, g, size, c), or undefined.
  torch::Tensor rows() const;
  int64_t size() const { return end_ - begin_; }
  int64_t bytes() const;

 private:
  torch::Tensor buffer_;  // (B, g, capacity, c)
  int64_t begin_ = 0, end_ = 0;
};

}  // namespace regard::attention
