// Prompts with the token that came next, grouped: all that the likelihood sees is the query, the
// counts and the choice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "regard/theory/markov/chain.hpp"

namespace regard::markov {

/// Prompts of one query with the same counts.
struct Group {
  std::vector<int32_t> tokens;  // that occur, increasing
  std::vector<double> counts;   // of each in the prompt
  std::vector<double> chosen;   // how often each came next
  double prompts = 0;           // sum of chosen
};

/// A set of prompts by query; `columns[k]` are the groups of query k.
struct PromptSet {
  int64_t tokens = 0, prompts = 0;
  std::vector<std::string> labels;  // empty: numbers
  std::vector<std::vector<Group>> columns;
  std::string label(int64_t token) const;
};

/// Groups samples as they come.
class PromptGrouper {
 public:
  explicit PromptGrouper(int64_t tokens);
  ~PromptGrouper();
  /// `next` occurs among the keys.
  void add(std::span<const int32_t> keys, int32_t query, int32_t next, double times = 1);
  PromptSet finish();

 private:
  struct Impl;
  std::vector<Impl> columns_;
  int64_t prompts_ = 0;
};

/// n prompts of `length` tokens, uniform and independent, the last one the query, each with a next
/// token drawn from the chain. With `blocks` > 1 every prompt has tokens of one block of equal size
/// alone.
PromptSet draw_prompts(const Chain& chain, int64_t count, int64_t length, uint64_t seed,
                       int64_t blocks = 1);

enum class Attention { kSelf, kCross };

/// A CSV file with columns prompt, next and, unless the query is the last of the prompt, query.
/// Tokens are separated by blanks; labels are any words, numbers in their order. InputError with
/// file and line: a next token that the prompt does not hold, a query that a prompt of
/// self-attention does not hold.
PromptSet read_prompts(const std::string& path, Attention attention);

}  // namespace regard::markov
