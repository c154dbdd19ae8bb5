// What classification and pairs have in common: one label for each example.
#pragma once

#include "regard/data/readers/task.hpp"
#include "regard/metrics/f1.hpp"
#include "regard/metrics/matthews.hpp"

namespace regard::data::tasks {

class Label : public Task {
 public:
  Targets targets() const final { return Targets::kExample; }
  std::vector<metrics::Metric> metrics() const final {
    return {{"accuracy"}, {"loss", false, false}, {"macro_f1"}, {"matthews", true, false}};
  }
  std::vector<double> scores(const metrics::Predictions& predictions,
                             const std::vector<std::string>&) const final {
    return {metrics::macro_f1(predictions), metrics::matthews(predictions)};
  }
};

}  // namespace regard::data::tasks
