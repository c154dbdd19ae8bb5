// Tokens drawn from any model that has a step function, for B prompts at once.
//
//   P(i) ~ exp((l_i - rho log(1 + N_i)) / T)      l: logits; N_i: how often token i stands in the
//     text so far
//
// Row b depends on (seed, first_row + b) alone, so B prompts at once give the ids of one by one, as
// long as the logits of a row do.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "regard/base/philox.hpp"

namespace regard::models {

/// The next ids (B, T) of B texts -> logits (B, V) of the token after them. It remembers what it
/// was given.
using Step = std::function<torch::Tensor(const torch::Tensor& ids)>;

struct Sampling {
  double temperature = 1;  // 0: the likeliest token, the first of equals
  int64_t top_k = 0;       // 0: all tokens
  double penalty = 0;      // rho
  uint64_t seed = 1;
  int64_t first_row = 0;
};

struct SamplingWatch {
  /// Logits (B, V) before the token of each step is drawn, the first after the prompts.
  std::function<void(int64_t at, const torch::Tensor& logits)> logits;
  /// The ids (B) of each step.
  std::function<void(int64_t at, const std::vector<int32_t>& ids)> drawn;
};

/// `length` ids after each of the prompts (B, T), B >= 1, T >= 1. RunError for logits that are not
/// finite.
std::vector<std::vector<int32_t>> sample(const Step& step, const torch::Tensor& prompts,
                                         int64_t length, const Sampling& sampling,
                                         const SamplingWatch& watch = {});

/// One token of `count` logits. Only as many logits are put in order as the draw needs.
int32_t draw_token(const double* logits, int64_t count, double temperature, int64_t top_k,
                   Random& random);

}  // namespace regard::models
