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
#include <string>
#include <utility>
#include <vector>

#include "regard/base/philox.hpp"

namespace regard::models {

/// The next ids (B, T) of B texts -> logits (B, V) of the token after them. It remembers what it
/// was given.
using Step = std::function<torch::Tensor(const torch::Tensor& ids)>;

/// Which tokens can be drawn at all: the top_k likeliest; of these the fewest likeliest that have
/// top_p of their probability together (Holtzman et al. 2020); and none with less than min_p of the
/// likeliest one's (Nguyen et al. 2024). The rest share the probability anew.
struct Truncation {
  int64_t top_k = 0;  // 0: all tokens
  double top_p = 1;   // 1: all tokens
  double min_p = 0;   // 0: all tokens
  bool by_probability() const { return top_p < 1 || min_p > 0; }
};

/// InputError, with `who` in front, for a number out of its range.
void check(const Truncation& truncation, const std::string& who);

struct Sampling {
  double temperature = 1;  // 0: the likeliest token, the first of equals
  Truncation keep = {};
  double penalty = 0;  // rho
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
int32_t draw_token(const double* logits, int64_t count, double temperature, const Truncation& keep,
                   Random& random);

/// What `keep` leaves of `count` logits at a temperature above 0, likeliest first, and the
/// probability of each.
std::vector<std::pair<int32_t, double>> kept_tokens(const double* logits, int64_t count,
                                                    double temperature, const Truncation& keep);

}  // namespace regard::models
