// What every walk of an ensemble shares: the tokens that can occur, and the weights of its step.
//
//   P(i) ~ pi_ik^(1 / (T_a T_s)) M_i^alpha,   alpha = (1 - rho) / T_s
//
// T_a: attention temperature (W / T_a); T_s: sampling temperature of the output law; rho: count
// penalty, which takes rho log M_i off the logits; M_i: count of token i in the context, or the
// mass of its places.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "regard/theory/markov/law.hpp"

namespace regard::markov {

inline const std::vector<std::string> kSamplers = {"auto", "scan", "rejection", "alias"};

struct Rules {
  std::string sampler = "auto";
  double attention_temperature = 1, temperature = 1, penalty = 0;
  int64_t window = 0;  // tokens of the context; 0: all
  Positions positions = {};

  double alpha() const { return (1 - penalty) / temperature; }
  /// How many of the last tokens can count; 0: all.
  int64_t reach() const;
  /// InputError for what has no meaning, and for what a named sampler cannot do.
  void check() const;
};

/// Up to so many outcomes a scan goes one by one, beyond by blocks of 64.
inline constexpr int64_t kFewOutcomes = 16;

class Kernel {
 public:
  /// Tokens that are not in the prompt can never occur, so they are left out.
  Kernel(const Chain& chain, std::span<const int32_t> prompt, Rules rules);

  int64_t support() const { return static_cast<int64_t>(tokens_.size()); }
  /// Token of the chain of each outcome, increasing.
  const std::vector<int32_t>& tokens() const { return tokens_; }
  /// The prompt as outcomes.
  const std::vector<uint16_t>& prompt() const { return prompt_; }
  const Rules& rules() const { return rules_; }
  /// The sampler that `auto` stands for.
  const std::string& sampler() const { return sampler_; }
  /// Padded with zeros: to a multiple of 4 for few outcomes, of 64 otherwise.
  int64_t stride() const { return stride_; }
  /// Weights of the step after `last`; the largest is 1.
  const double* weights(uint16_t last) const { return weights_.data() + last * stride_; }
  /// Bytes that one walk of `length` tokens keeps: of its past, and of its alias tables.
  double history_bytes(double length) const;

 private:
  Rules rules_;
  std::string sampler_;
  std::vector<int32_t> tokens_;
  std::vector<uint16_t> prompt_;
  int64_t stride_ = 0;
  std::vector<double> weights_;
};

}  // namespace regard::markov
