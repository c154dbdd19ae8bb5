// What a model is fed: one batch of examples, the common word of data, models and train.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>

namespace regard::nn {

/// Edges that a batch brings, in `others` as the rows of attention/edges.hpp: (B, C), or (1, C) for
/// all rows; log gates only where edges have weights.
inline constexpr const char* kEdgeQueries = "edges.queries";
inline constexpr const char* kEdgeKeys = "edges.keys";
inline constexpr const char* kEdgeGates = "edges.log_gate";

/// Places (B, P) that a masked language model is asked for, in `others`; the targets are (B, P)
/// then.
inline constexpr const char* kPlaces = "places";

/// Tensors by name. Three names are members, since nearly every model reads them; `others` has what
/// a single kind of model needs beside them. Shapes: B rows, T positions, C channels. A row is an
/// example, except for pairs of texts: pair i is the rows 2 i and 2 i + 1.
struct Batch {
  torch::Tensor inputs;   // (B, T) int64 token ids, or (B, T, C) float values
  torch::Tensor lengths;  // (B) int64, or undefined when every row is full
  torch::Tensor targets;  // (examples) int64 labels, or (B, T) int64 with -1: no target
  std::map<std::string, torch::Tensor> others;
  int64_t rows = 0;    // examples
  int64_t tokens = 0;  // positions that are not padding

  /// Calls f(name, tensor) for every tensor, in an order that depends on the names alone.
  template <class F>
  void each(const F& f) {
    f("inputs", inputs);
    f("lengths", lengths);
    f("targets", targets);
    for (auto& [name, tensor] : others) f(name, tensor);
  }

  /// The batch on `device`: what is there is not copied, and copies from pinned memory do not wait.
  Batch to(torch::Device device) const {
    Batch moved = *this;
    moved.each([&](const std::string&, torch::Tensor& tensor) {
      if (tensor.defined()) tensor = tensor.to(device, /*non_blocking=*/true);
    });
    return moved;
  }
};

}  // namespace regard::nn
