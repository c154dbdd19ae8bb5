// metrics.jsonl: one JSON object a line, in the order of the steps.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace regard::train {

/// Where a checkpoint stands; what came after it is cut from the metrics before a run goes on.
struct MetricsMark {
  int64_t step = 0;       // lines of later steps go
  int64_t evaluated = 0;  // lines with "valid_loss" of later steps go
  bool finished = false;  // without it the closing line goes too
};

class MetricsLog {
 public:
  /// Opens the file for appending, after cutting it back to `mark`; half lines go too.
  MetricsLog(std::filesystem::path path, const MetricsMark& mark);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Appends one JSON object; RunError when it cannot be written.
  void write(const std::string& json);
  /// Returns when all lines are on the disk.
  void sync();

  /// "seconds" and "loss" of the last lines that were kept; 0 without any.
  double seconds() const { return seconds_; }
  double loss() const { return loss_; }

 private:
  void cut(const MetricsMark& mark);

  std::filesystem::path path_;
  int descriptor_ = -1;
  double seconds_ = 0;
  double loss_ = 0;
};

}  // namespace regard::train
