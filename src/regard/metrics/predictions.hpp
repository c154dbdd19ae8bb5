// What a task measures, and what its measures are made from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regard::metrics {

struct Metric {
  std::string name;  // "loss", "accuracy", "f1"
  bool higher_is_better = true;
  bool percent = true;  // a share in [0, 1], shown in percent
};

/// Every prediction of an evaluation with its truth: indices of classes, or numbers. A sequence of
/// predictions, such as the labels of a sentence, ends at each of `ends`; where targets are single,
/// each is a sequence.
struct Predictions {
  std::vector<double> predicted, truth;
  std::vector<int64_t> ends;
};

}  // namespace regard::metrics
