// A base chain: the law of the next token after each token, all entries above 0.
//
//   P = [pi_ik], column k = law of the next token after k
//
// Source: arXiv 2402.13512, "From Self-Attention to Markov Models".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regard::markov {

struct Chain {
  int64_t tokens = 0;               // K
  std::vector<double> p;            // (K, K), column k holds p[k K .. k K + K - 1]
  std::vector<std::string> labels;  // (K); empty: the numbers 0 .. K - 1

  double at(int64_t next, int64_t last) const {
    return p[static_cast<std::size_t>(last * tokens + next)];
  }
  const double* column(int64_t last) const { return p.data() + last * tokens; }
  std::string label(int64_t token) const;
  /// The token of that label; InputError begins with `where` for an unknown one.
  int32_t token(const std::string& label, const std::string& where) const;
};

/// Columns from Dirichlet(1), every entry at least `least` before they are normalised again.
Chain dirichlet_chain(int64_t tokens, uint64_t seed, double least = 0.01);

/// A chain whose next token is 1 with chance p, whatever came before; K = 2.
Chain memoryless_pair(double p);

/// What a file of numbers holds: columns (column k = law after k) or the transposed form.
enum class Form { kColumns, kRows };

/// A CSV file of K rows and K columns, with or without a first row of labels. InputError with file,
/// line and column for what is no chain: a law that does not sum to 1 within 1e-6, an entry that is
/// not above 0.
Chain read_chain(const std::string& path, Form form);

/// Labels separated by blanks.
std::vector<int32_t> parse_prompt(const std::string& text, const Chain& chain,
                                  const std::string& where);

}  // namespace regard::markov
