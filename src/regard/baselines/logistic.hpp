// Logistic regression on sparse rows by LIBLINEAR, one label against the rest:
//
//   min over w   |w|^2 / 2 + C sum_i ln(1 + exp(-y_i w . (x_i, 1)))          for each label (two
//   labels: once)
//   p_k = sigmoid(w_k . (x, 1)) / sum over labels
//
// by the trust-region Newton method, which draws no random numbers (Lin, Weng, Keerthi 2008). A
// column that is 1 everywhere stands for the bias, and is held small like the others.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "regard/baselines/tfidf.hpp"

namespace regard::baselines {

class Logistic {
 public:
  /// Rows that were made ready for LIBLINEAR once, for several C.
  class Problem;

  /// labels (N) in 0 .. classes - 1, two of which occur; C above 0. InputError otherwise. `before`,
  /// of the same rows, saves steps.
  Logistic(const Problem& problem, double c, const Logistic* before = nullptr);
  /// (N, classes), rows of sum 1; a label that no training row had gets 0.
  std::vector<double> probabilities(const SparseRows& rows) const;

 private:
  std::vector<double> weights_;  // (columns + 1, K), as LIBLINEAR orders them
  std::vector<int32_t> labels_;  // (L) in LIBLINEAR's order
  int64_t columns_ = 0, classes_ = 0;
};

class Logistic::Problem {
 public:
  Problem(const SparseRows& rows, std::span<const int32_t> labels, int64_t columns,
          int64_t classes);
  ~Problem();
  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;

 private:
  friend class Logistic;
  struct Ready;
  std::unique_ptr<Ready> ready_;
};

}  // namespace regard::baselines
