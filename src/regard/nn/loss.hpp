// What a batch costs in training, and what it adds to an evaluation.
#pragma once

#include "regard/attention/context.hpp"

namespace regard::nn {

/// Losses in nats. The step descends along `total()`.
struct Loss {
  Loss() = default;
  /// A main loss alone.
  Loss(torch::Tensor mean) : main(std::move(mean)) {}

  torch::Tensor main;                 // scalar, mean over the targets
  attention::NamedScalars auxiliary;  // scalars that layers added, weighed already
  torch::Tensor examples;             // (examples) mean over the targets of each; on request alone

  /// The main loss and all auxiliary ones; the main loss itself where there are no others.
  torch::Tensor total() const {
    auto sum = main;
    for (const auto& [name, loss] : auxiliary) sum = sum + loss.to(main.scalar_type());
    return sum;
  }
};

/// What an evaluation adds up and collects over batches.
struct BatchScore {
  BatchScore() = default;
  BatchScore(torch::Tensor sums_, torch::Tensor predicted_ = {})
      : sums(std::move(sums_)), predicted(std::move(predicted_)) {}

  torch::Tensor sums;  // float64: see Learner::score
  torch::Tensor
      predicted;  // as the targets of the batch, for measures of all predictions; or undefined
};

/// Whether `Loss::examples` is asked for.
enum class Detail { kMean, kExamples };

}  // namespace regard::nn
