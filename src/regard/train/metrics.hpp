// metrics.jsonl: one JSON object a line, in the order of the steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "regard/run/json_lines.hpp"

namespace regard::train {

/// Where a checkpoint stands; what came after it is cut from the metrics before a run goes on.
struct MetricsMark {
  int64_t step = 0;       // lines of later steps go
  int64_t evaluated = 0;  // lines with "valid_loss" of later steps go
  bool finished = false;  // without it the closing line goes too
};

class MetricsLog {
 public:
  /// Opens the file for appending, after cutting it back to `mark`.
  MetricsLog(std::filesystem::path path, const MetricsMark& mark)
      : lines_(std::move(path), [&](const nlohmann::json& line) { return judge(line, mark); }) {}

  void write(const std::string& json) { lines_.write(json); }
  void sync() { lines_.sync(); }

  /// "seconds" and "loss" of the last lines that were kept; 0 without any.
  double seconds() const { return seconds_; }
  double loss() const { return loss_; }

 private:
  run::JsonLines::Cut judge(const nlohmann::json& line, const MetricsMark& mark);

  double seconds_ = 0, loss_ = 0;  // before `lines_`, whose constructor sets them
  run::JsonLines lines_;
};

}  // namespace regard::train
