// Models of the next token of a text, in nats: unigram, bigram, cache, bigram + cache, the chain
// and the power chain.
//
//   power chain   P(i | k, context) ~ pi_ik (N_i + epsilon)^alpha
//   N_i: count of token i among the last `window` tokens
//
// alpha = 0 is a bigram, alpha = 1 the chain of self-attention (with epsilon, since a text uses
// tokens that its context lacks). The fit is by maximum likelihood with a prompt of `prior` choices
// by the unigram added to each column: MM for pi, and for alpha the root of the profile's score.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace regard::markov {

/// A text as ids. Ids 0 .. outcomes - 1 are tokens; `outcomes` itself stands for every other one,
/// which is no outcome: it is never predicted and never counted, but it may be what came last.
struct Text {
  std::vector<int32_t> ids;
  int64_t outcomes = 0;             // K
  std::vector<std::string> labels;  // (K)
  double other_share() const;
};

struct Part {
  int64_t begin = 0, end = 0;
};

struct PowerChain {
  int64_t outcomes = 0, window = 256;
  double alpha = 1, epsilon = 1;
  std::vector<double>
      pi;  // (K, K + 1): column k is the law after k, column K after every other token
};

/// Mean negative log-likelihood in nats over the tokens of a part, with the number of tokens.
struct Score {
  double nats = 0;
  int64_t tokens = 0;
};
Score score(const PowerChain& model, const Text& text, Part part);

struct TextSpec {
  int64_t window = 256, threads = 1;
  double train = 0.8, valid = 0.1;
  std::vector<double> epsilons = {1. / 16, 1. / 4, 1, 4};
  std::vector<double> priors = {1, 4, 16, 64,
                                256};  // of which the bigram's best on the validation part is taken
};

/// Everything about one text. Nats are those of the test part, the last of the text.
struct TextFit {
  Part train, valid, test;
  double prior = 0, other_share = 0;
  PowerChain chain, power;  // alpha = 1; alpha fitted
  double alpha_error = 0;   // standard error of alpha
  double unigram = 0, bigram = 0, cache = 0, bigram_cache = 0, chain_nats = 0, power_nats = 0;
  double cache_share = 0, bigram_cache_share = 0;  // weight of the cache in the mixture
  int64_t tokens = 0;                              // of the test part
  double effective = 0;                            // mean N_eff of the text's windows
};

/// The smoothing of those tried with which the bigram of `train` is best on `valid`.
double best_prior(const Text& text, Part train, Part valid, const std::vector<double>& priors);

/// InputError for a text that is empty, shorter than its window, or of fewer than 2 tokens.
TextFit fit_text(const Text& text, const TextSpec& spec);

/// The power chain of a training part, alpha by maximum likelihood (or kept at `alpha` where it is
/// finite).
struct PowerFit {
  PowerChain model;
  double alpha_error = 0, nats = 0;  // of the training part
  int64_t sweeps = 0;
};
PowerFit fit_power(const Text& text, Part train, int64_t window, double epsilon, double prior,
                   int64_t threads, double alpha);

/// Tokens drawn from the model after a prompt, the law to the power 1 / temperature.
std::vector<int32_t> sample(const PowerChain& model, std::span<const int32_t> prompt,
                            int64_t length, double temperature, uint64_t seed, uint64_t run);

/// Mean over the text of exp entropy of the counts of each full window.
double mean_effective(std::span<const int32_t> ids, int64_t outcomes, int64_t window);

}  // namespace regard::markov
