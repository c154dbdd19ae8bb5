// Labels for new data, and scores on data with labels, by a trained classifier.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "regard/lab/session.hpp"

namespace regard::lab {

using Prediction = data::Prediction;

/// RunError with the place when a probability is not finite.
void check_probabilities(const Prediction& prediction);

/// Predictions in the order of the data.
std::vector<Prediction> predict(const TrainedRun& run, const std::vector<std::string>& paths);

/// Mean loss and accuracy on data with labels (or text, for a language model), with noise in its
/// texts.
train::Score evaluate_run(const TrainedRun& run, const std::vector<std::string>& paths,
                          const std::vector<std::string>& targets = {},
                          const data::Noise& noise = {});

}  // namespace regard::lab
