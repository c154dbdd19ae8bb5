#include "regard/train/captured_step.hpp"

#include <c10/util/Exception.h>

#include <utility>

namespace regard::train {
namespace {

constexpr int kRunsBefore = 2;  // libraries choose and allocate in their first runs

std::vector<torch::Tensor*> tensors(nn::Batch& batch) {
  std::vector<torch::Tensor*> all;
  batch.each([&](const std::string&, torch::Tensor& tensor) { all.push_back(&tensor); });
  return all;
}

/// Types and sizes of all tensors; the names beyond the first three too, since batches may differ
/// in them.
std::string shape_of(std::vector<nn::Batch>& batches) {
  std::string key;
  for (auto& batch : batches) {
    batch.each([&](const std::string& name, const torch::Tensor& t) {
      if (batch.others.contains(name)) key += name + "=";
      if (!t.defined()) {
        key += "-;";
        return;
      }
      key += c10::toString(t.scalar_type());
      for (const int64_t size : t.sizes()) key += "x" + std::to_string(size);
      key += ";";
    });
  }
  return key;
}

}  // namespace

bool RecordedShapes::admit(std::size_t recorded) {
  if (recorded < kMost) return true;
  if (!told_) {
    told_ = true;
    news_ = "batches have more than " + std::to_string(kMost) +
            " shapes: steps of further shapes are not recorded as CUDA graphs and run more slowly; "
            "data.pad_to makes all shapes one";
  }
  return false;
}

struct CapturedStep::Recording {
  int runs = 0;
  std::vector<nn::Batch> inputs;  // at the addresses that the graph reads
  std::unique_ptr<ops::DeviceGraph> graph;
};

CapturedStep::CapturedStep(TrainStep& step, Record record)
    : step_(step), record_(ops::can_record(step.device().type()).ok ? record : Record::kNo) {}

CapturedStep::~CapturedStep() = default;

bool CapturedStep::record(Recording& recording) {
  auto graph = std::make_unique<ops::DeviceGraph>();
  try {
    graph->record([&] { step_.run(recording.inputs); }, pool_);
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& error) {
    if (record_ == Record::kMust) throw;
    record_ = Record::kNo;
    refusal_ = error.what();
    refusal_ = refusal_.substr(0, refusal_.find('\n'));
    recording.inputs.clear();
    refused_ =
        "this step cannot be recorded as a CUDA graph and runs as it is, more slowly: " + refusal_;
    return false;
  }
  if (!pool_) pool_ = graph.get();
  recording.graph = std::move(graph);
  return true;
}

std::string CapturedStep::news() {
  auto refused = std::exchange(refused_, {});
  return refused.empty() ? shapes_.news() : refused;
}

void CapturedStep::run(const std::vector<nn::Batch>& micro_batches) {
  if (record_ == Record::kNo) return step_.run(micro_batches);
  auto given = micro_batches;
  const auto key = shape_of(given);
  if (!recordings_.contains(key)) {
    if (!shapes_.admit(recordings_.size())) return step_.run(micro_batches);
    recordings_.emplace(key, std::make_unique<Recording>());
  }
  auto& recording = *recordings_.at(key);
  if (recording.runs++ < kRunsBefore) return step_.run(micro_batches);
  if (!recording.graph) {
    for (auto batch : given) {
      for (auto* t : tensors(batch)) {
        if (t->defined()) *t = t->clone();
      }
      recording.inputs.push_back(batch);
    }
    if (!record(recording)) return step_.run(micro_batches);
  } else {
    for (std::size_t i = 0; i < given.size(); ++i) {
      const auto from = tensors(given[i]), to = tensors(recording.inputs[i]);
      for (std::size_t j = 0; j < from.size(); ++j) {
        if (from[j]->defined()) to[j]->copy_(*from[j], /*non_blocking=*/true);
      }
    }
  }
  recording.graph->replay();
  ++replayed_;
}

}  // namespace regard::train
