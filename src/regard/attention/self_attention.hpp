// The module that composes projection, graph and fold: y = fold(project(x), graph) W_o. With a
// memory in the call it is cross attention: queries of x, keys and values of the memory.
#pragma once

#include <torch/nn/modules/linear.h>

#include "regard/attention/fusion.hpp"

namespace regard::attention {

struct SelfAttentionOptions {
  int64_t width = 0;  // H
  int64_t heads = 0;  // h divides H
  bool causal = false;
  bool bias = true;
  WeightDropout dropout = {};  // in training
  int64_t head_width = 0;      // d; 0: H / h
  bool out = true;             // false: no W_o, the heads stand beside each other
  int64_t earlier = 0;         // layers before this one with the same phrase
};

/// Keys and values of a memory, read once: of B sources, which any number of texts ask.
struct ReadMemory {
  KeyValue rows;          // (B, g, T_k, d)
  torch::Tensor lengths;  // (B) int64, or undefined

  /// The sources that go on, in this order, int64 (n).
  void select(const torch::Tensor& sources);
};

/// Parameters: projection.* (by the projection's own names), graph.*, fold.* and positions.* where
/// these have some, out.weight (H, h d) and out.bias (H) unless told.
class SelfAttention : public torch::nn::Module {
 public:
  SelfAttention(Phrase phrase, const SelfAttentionOptions& options,
                std::shared_ptr<Positions> positions = nullptr);

  /// (B, T_q, H), or (B, T_q, h d) without W_o. The call's own `causal` and `dropout` are those of
  /// the options.
  torch::Tensor forward(Call call) { return branch(std::move(call)).sum(); }
  /// The same for a residual sum, out.bias apart.
  ops::Branch branch(Call call);
  /// Self-attention over x (B, T, H), lengths (B) or undefined.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& lengths) {
    return forward(call_of(x, lengths));
  }
  /// The weights that `forward` uses, for people to look at.
  WeightMap weights(Call call);

  /// Generation: the state, and its next positions, x (B, T, H) from `position` on.
  std::unique_ptr<Decoder> start() const;
  torch::Tensor extend(const torch::Tensor& x, Decoder& decoder, int64_t position);

  /// Generation across: what the memory (B, T_k, H) gives to every step, and a step of it. The
  /// B n rows of x (B n, T, H) are n texts of each source, one source after the other.
  ReadMemory read(const torch::Tensor& memory, const torch::Tensor& lengths) const;
  torch::Tensor ask(const torch::Tensor& x, const ReadMemory& memory);

  /// Start values that are not the model's rule, after that has filled all parameters.
  void start_values(uint64_t seed);

  /// What a call on the graph would run: fusions in their order, with reasons, then the kernels.
  const Phrase& phrase() const { return phrase_; }
  const Size& size() const { return size_; }
  torch::nn::Linear& out() { return out_; }

 private:
  void complete(Call& call) const;
  MadeGraph make_graph(const Call& call);
  void count_edges(const Call& call, const MadeGraph& made) const;
  Parts parts() const;
  Inputs project(const Call& call, const MadeGraph& made) const;
  void teach_graph(const MadeGraph& made, const Inputs& x) const;

  Phrase phrase_;
  SelfAttentionOptions options_;
  Size size_;
  std::shared_ptr<Positions> positions_;
  std::shared_ptr<ParameterModule> projection_, fold_;
  std::shared_ptr<GraphModule> graph_;
  torch::nn::Linear out_{nullptr};
};

}  // namespace regard::attention
