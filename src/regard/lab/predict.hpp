// Labels for new data, and scores on data with labels, by a trained classifier.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "regard/lab/session.hpp"

namespace regard::lab {

struct Prediction {
  std::string place;                  // "new.tsv: line 7"
  std::string label;                  // the likeliest class
  double probability = 0;             // of it
  std::vector<double> probabilities;  // of every class, in the order of the run's classes
};

/// RunError with the place when a probability is not finite.
void check_probabilities(const Prediction& prediction);

/// Predictions in the order of the data.
std::vector<Prediction> predict(const TrainedRun& run, const std::vector<std::string>& paths);

/// Mean loss and accuracy on data with labels (or text, for a language model).
train::Score evaluate_run(const TrainedRun& run, const std::vector<std::string>& paths);

}  // namespace regard::lab
