// One layer of a Transformer: attention, in a decoder attention to a memory, and feed-forward, each
// with norm, dropout and residual. Or
// one of a graph attention network: dropout, attention without W_o, a bias, ELU, and nothing else
// (Velickovic et al. 2018).
#pragma once

#include "regard/attention/self_attention.hpp"
#include "regard/nn/layers.hpp"
#include "regard/nn/residual.hpp"

namespace regard::nn {

struct BlockOptions {
  attention::SelfAttentionOptions attention;
  std::string kind = "transformer";  // transformer | gat
  bool average = false;              // gat, the last layer: the mean over heads, no ELU
  int64_t hidden = 0;                // width of the feed-forward
  // pre: x + f(norm(x)); post: norm(x + f(x)); feed_forward: x + attention(x), then x +
  // mlp(norm(x))
  std::string norm = "pre";
  std::string norm_kind = "layer";  // layer | rms
  double norm_epsilon = 0;          // 0: that of the kind
  std::string activation = "gelu";  // gelu | gelu_tanh | relu | swiglu | geglu
  bool down_bias = true;            // of the feed-forward
  double dropout = 0;
  DropoutSite activation_dropout = {};
  int64_t index = 0;       // which block: sites of dropout
  int64_t first_site = 0;  // of the trunk, so that two trunks of a model draw other numbers
  /// Attention to a memory, between self-attention and feed-forward; nullptr: none.
  std::shared_ptr<const attention::Phrase> cross = nullptr;
};

/// What a decoder attends to: (B, T_k, H) with lengths (B) or undefined.
struct MemoryView {
  torch::Tensor values, lengths;
};

/// The call of cross attention of x (B, T, H) with lengths (B) or undefined.
attention::Call cross_call(const torch::Tensor& x, const torch::Tensor& lengths,
                           const MemoryView& memory);

class Block : public torch::nn::Module {
 public:
  Block(const attention::Phrase& phrase, const BlockOptions& options,
        std::shared_ptr<attention::Positions> positions);

  /// Adds both parts to the stream of (B, T, H); lengths (B) or undefined.
  void forward(Residual& stream, const torch::Tensor& lengths);
  /// The same of a block with cross attention.
  void forward(Residual& stream, const torch::Tensor& lengths, const MemoryView& memory);
  /// The next positions of a causal block, from `position` on; `memory` of a block with cross
  /// attention.
  void extend(Residual& stream, attention::Decoder& decoder, int64_t position,
              const attention::ReadMemory* memory = nullptr);

  attention::SelfAttention& attention() { return *attention_; }
  /// nullptr without cross attention.
  const std::shared_ptr<attention::SelfAttention>& cross() const { return cross_; }
  /// Of a Transformer alone.
  FeedForward& feed_forward() { return *feed_forward_; }

 private:
  template <class Attend, class Cross>
  void add_parts(Residual& stream, const Attend& attend, const Cross& cross);
  template <class Attend>
  void replace(Residual& stream, const Attend& attend);
  bool is_gat() const { return options_.kind == "gat"; }

  BlockOptions options_;
  torch::Tensor bias_;  // of gat
  std::shared_ptr<attention::SelfAttention> attention_, cross_;
  std::shared_ptr<FeedForward> feed_forward_;
  std::shared_ptr<Norm> norm1_, norm_cross_, norm2_;
};

}  // namespace regard::nn
