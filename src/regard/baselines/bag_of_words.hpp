// What a user has without attention: TF-IDF of words and pairs (tfidf.hpp) with logistic regression
// (logistic.hpp).
#pragma once

#include <span>
#include <vector>

#include "regard/baselines/logistic.hpp"
#include "regard/baselines/tfidf.hpp"

namespace regard::baselines {

/// Labels of the texts beside them.
struct Labelled {
  Texts texts;
  std::vector<int32_t> labels;  // (N) in 0 .. classes - 1
};

/// What the validation rows chose: a frequency at C = 16, then C of 4, 16 and 64.
struct Choice {
  double c = 0;
  Frequency frequency = Frequency::kCount;
  double accuracy = 0;  // in [0, 1]
  double loss = 0;      // nats
};

class BagOfWords {
 public:
  /// Learns from `train` alone; `valid` chooses by accuracy, and between equal ones by loss. The
  /// same texts give the same bits.
  BagOfWords(const Labelled& train, const Labelled& valid, int64_t classes);

  /// (N, classes), rows of sum 1.
  std::vector<double> probabilities(const Texts& texts) const;
  const Choice& choice() const { return choice_; }
  int64_t columns() const { return tfidf_.columns(); }

 private:
  void choose(const Logistic::Problem& problem, const SparseRows& valid_rows,
              std::span<const int32_t> labels, Choice option);

  SparseRows counts_;  // of the training rows, while it learns
  Tfidf tfidf_;
  Choice choice_;
  std::unique_ptr<Logistic> logistic_;
};

/// Accuracy and mean loss in nats of probabilities (N, classes).
struct Marks {
  double accuracy = 0, loss = 0;
  std::vector<int32_t> answers;  // (N) the likeliest label
};
Marks mark(std::span<const double> probabilities, std::span<const int32_t> labels);

}  // namespace regard::baselines
