// Maximum likelihood of the chain from prompts. Each query is a problem of its own, convex in
// w_ik = log pi_ik.
//
//   L(w) = -(1/n) sum_s [ w_yk + log m_y - log sum_j m_j exp(w_jk) ]     y: the token that came
//   next
//   H_k  = (1/n) sum_s (diag p^s - p^s p^s')
//
// H_k is the Laplacian of the graph in which tokens that occur in one prompt are joined.
//
// Only ratios within a component of that graph are told by the data. Where the directed graph "i
// came next while j was there" is not strongly connected (Ford, 1957), a ratio is estimated as
// infinite; it is named, and the finite ones are fitted.
#pragma once

#include <string>
#include <vector>

#include "regard/theory/markov/prompts.hpp"

namespace regard::markov {

enum class Method { kNewton, kMm, kGradient };

struct FitSpec {
  Method method = Method::kNewton;
  double ridge = 0;  // adds ridge / 2 |w|^2 to the sum of losses of a query
  double pseudo =
      0;  // choices of each token that are added, spread over a prompt of all tokens once
  double tolerance = 1e-10;  // of the gradient, for each prompt
  int64_t most_steps = 100000;
};

/// The law after one query.
struct ColumnFit {
  double prompts = 0;
  /// (K) Tokens with one number occur together, by steps; -1: never in a prompt.
  std::vector<int32_t> component;
  /// (K) Tokens with one number have finite ratios; -1: never in a prompt.
  std::vector<int32_t> tied;
  /// K less the rank of H_k: tokens that never occur count as one each.
  int64_t components = 0;
  /// Second smallest eigenvalue of H_k of the tokens that occur, a prompt; 0 where disconnected.
  double fiedler = 0;
  /// (K) log pi, whose mean over each tied group is 0, and its standard errors; NaN: not known.
  std::vector<double> w, error;
  /// (K) pi within the tied group, which sums to 1 over it, and the standard errors of its log.
  std::vector<double> share, share_error;
  double trace = 0;     // tr((n_k H_k)^+): the expected squared error of w
  double loss = 0;      // mean negative log-likelihood in nats, at the fit
  double gradient = 0;  // largest entry at the end, for each prompt
  int64_t steps = 0;
};

ColumnFit fit_column(const std::vector<Group>& groups, int64_t tokens, const FitSpec& spec = {});

/// All queries, `threads` at a time.
std::vector<ColumnFit> fit_columns(const PromptSet& prompts, const FitSpec& spec, int64_t threads);

/// Which tokens are in one component of the co-occurrence graph (-1: never in a prompt), and in one
/// strong component of "came next while present".
std::vector<int32_t> cooccurrence(const std::vector<Group>& groups, int64_t tokens);
std::vector<int32_t> comparable(const std::vector<Group>& groups, int64_t tokens);

}  // namespace regard::markov
