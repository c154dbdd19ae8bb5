// The edge predictor of sac_paper: an LSTM walks over the nodes, a source, then a target, 2 alpha N
// times.
//
//   e_j = W_e x_j + b_e                      node vectors (B, N, H)
//   h_t, c_t = LSTM(u_t, h_{t-1}, c_{t-1}),  u_1 a learned vector, u_{t+1} = e_{a_t} + z_{t mod 2}
//   t odd:   logits_j = (W_s h_t) . e_j                          the source
//   t even:  logits_j = (W_t h_t) . e_j + h_t . D[b(j - i)]      the target of source i, by its
//   distance too
//   a_t ~ softmax(logits), or its largest
//
// D has a row for each sign and power of two of the distance. A pair that was drawn before, a node
// with itself, and padding
// are left out. Source: Li et al. (NeurIPS 2020) for the walk; the equations are ours where no
// source has them.
#pragma once

#include <torch/nn/module.h>

namespace regard::attention {

enum class Repeats {
  kLeftOut,
  kAllowed
};  // kAllowed: any pair at any time, for the test by enumeration

struct Walk {
  torch::Tensor picks;    // (B, S) int64: source, target, source, ...
  torch::Tensor blocked;  // (B, S, N) bool: what could not be drawn
};

class LstmPicker : public torch::nn::Module {
 public:
  LstmPicker(int64_t model_width, int64_t hidden, Repeats repeats = Repeats::kLeftOut);

  /// e (B, N, H) of x (B, N, model width).
  torch::Tensor nodes(const torch::Tensor& x) const;
  /// `edges` edges. `uniform` (S, B), S = 2 edges, in (0, 1) draws them; undefined: the likeliest
  /// each time. lengths (B) or undefined.
  Walk walk(const torch::Tensor& nodes, int64_t edges, const torch::Tensor& uniform,
            const torch::Tensor& lengths) const;
  /// log p of each choice of a walk, and the entropy of what it was drawn from, (B, S) each, with
  /// gradient.
  struct Likelihood {
    torch::Tensor log_p, entropy;
  };
  Likelihood likelihood(const torch::Tensor& nodes, const Walk& walk) const;

 private:
  /// What a step needs of the nodes, made once: (B, N, 4 H), (B, N, H), (B, N, H).
  struct Prepared {
    torch::Tensor gates, sources, targets;
  };
  Prepared prepare(const torch::Tensor& nodes) const;

  Repeats repeats_;
  int64_t hidden_;
  torch::Tensor embed_, embed_bias_, start_, types_, input_, recurrent_, bias_, source_, target_,
      distance_;
};

}  // namespace regard::attention
