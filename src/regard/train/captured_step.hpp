// A training step that is recorded once for each shape of its batches and then replayed, on devices
// that can.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "regard/ops/step/device_graph.hpp"
#include "regard/train/step.hpp"

namespace regard::train {

enum class Record {
  kNo,    ///< every step runs as it is
  kTry,   ///< where a step refuses to be recorded, all run as they are
  kMust,  ///< where a step refuses, that is an error
};

/// How many shapes are recorded, each of which keeps its own memory for inputs and outputs.
class RecordedShapes {
 public:
  static constexpr std::size_t kMost = 24;
  /// Whether one more is recorded beside `recorded`.
  bool admit(std::size_t recorded);
  /// Once after the first refusal a sentence for the user, else "".
  std::string news() { return std::exchange(news_, {}); }

 private:
  std::string news_;
  bool told_ = false;
};

/// Same losses and weights as TrainStep::run, without its launches: a shape runs twice as it is, is
/// then recorded, and from there on replayed. The calling thread must be on a SideStream.
class CapturedStep {
 public:
  CapturedStep(TrainStep& step, Record record);
  ~CapturedStep();

  void run(const std::vector<nn::Batch>& micro_batches);
  /// Steps that were replayed.
  int64_t replayed() const { return replayed_; }
  /// Why no step is recorded any more, or "".
  const std::string& refusal() const { return refusal_; }
  /// What the user should hear of the steps so far: a sentence, told once, or "".
  std::string news();

 private:
  struct Recording;
  bool record(Recording& recording);

  TrainStep& step_;
  Record record_;
  std::string refusal_, refused_;
  RecordedShapes shapes_;
  std::map<std::string, std::unique_ptr<Recording>> recordings_;
  const ops::DeviceGraph* pool_ = nullptr;
  int64_t replayed_ = 0;
};

}  // namespace regard::train
