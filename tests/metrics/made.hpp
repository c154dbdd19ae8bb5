// Sentences of labels by a linear congruential generator, as any language can make them.
#pragma once

#include <string>
#include <vector>

#include "regard/metrics/predictions.hpp"

namespace regard::metrics {

inline const std::vector<std::string>& made_labels() {
  static const std::vector<std::string> labels = {"O",     "B-PER", "I-PER", "B-LOC",
                                                  "I-LOC", "E-LOC", "S-PER"};
  return labels;
}

/// 200 sentences of 1 to 12 labels; about three predictions of ten are drawn anew.
inline Predictions made_predictions() {
  uint64_t state = 12345;
  const auto next = [&] {
    state = (1103515245 * state + 12345) % 2147483648;
    return state >> 16;
  };
  Predictions made;
  for (int sentence = 0; sentence < 200; ++sentence) {
    const auto length = 1 + next() % 12;
    const auto begin = made.truth.size();
    for (uint64_t i = 0; i < length; ++i) made.truth.push_back(static_cast<double>(next() % 7));
    for (uint64_t i = 0; i < length; ++i) {
      const bool same = next() % 3 != 0;
      made.predicted.push_back(same ? made.truth[begin + i] : static_cast<double>(next() % 7));
    }
    made.ends.push_back(static_cast<int64_t>(made.truth.size()));
  }
  return made;
}

}  // namespace regard::metrics
