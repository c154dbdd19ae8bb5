// One walk: a prompt, then tokens, each drawn from the law that all before it give.
//
//   scan        the definition: all masses are weighed at each step; also powers of counts, windows
//               and weights of positions
//   rejection   a place of the context uniformly (or by its weight), taken with chance pi / max pi
//   alias       each column keeps an alias table of pi * counts from an earlier time t_k, with sum
//   W.
//               With B = max pi (t - t_k) the table is drawn from with chance W / (W + B), else a
//               place since t_k by rejection. A table is built anew once as many places were
//               refused
//               as it costs
//
// A walk depends on (seed, run) alone, so an ensemble is the same on any number of threads.
#pragma once

#include <memory>

#include "regard/theory/markov/draws.hpp"
#include "regard/theory/markov/kernel.hpp"

namespace regard::markov {

class Walk {
 public:
  virtual ~Walk() = default;
  /// Draws tokens until `length` stand there, the prompt among them. `out`, when given, gets the
  /// outcomes that are new.
  virtual void run_to(int64_t length, uint16_t* out = nullptr) = 0;

  int64_t length() const { return length_; }
  uint16_t last() const { return last_; }
  /// How often each outcome stands in the context (all tokens, or the window).
  const std::vector<int64_t>& counts() const { return counts_; }

 protected:
  Walk(const Kernel& kernel, uint64_t seed, uint64_t run);
  const Kernel& kernel_;
  Draws draws_;
  int64_t length_ = 0;
  uint16_t last_ = 0;
  std::vector<int64_t> counts_;
};

/// `longest`: the length that it will be asked for.
std::unique_ptr<Walk> make_walk(const Kernel& kernel, uint64_t seed, uint64_t run, int64_t longest);

/// Index of the entry in which `u` in [0, 1) of the whole falls, for weights w_i m_i; both padded
/// with zeros to Kernel::stride().
int64_t weighted_choice(const double* w, const double* m, int64_t padded, double u);

}  // namespace regard::markov
