// A small classifier with dropout, and data that is a function of the index: what the loop is
// tested on.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "regard/attention/context.hpp"
#include "regard/nn/context.hpp"
#include "regard/train/learner.hpp"

namespace regard::train {

/// A folder of its own for each test, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "regard-train-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline torch::Tensor normal(at::IntArrayRef shape, uint64_t seed) {
  return torch::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

/// logits = W2 gelu(W1 x + b1) + b2, with dropout keyed by the context of the step.
class ToyLearner : public Learner {
 public:
  static constexpr int64_t kInputs = 8, kHidden = 16, kClasses = 3;

  explicit ToyLearner(double dropout = 0) : dropout_(dropout) {
    add("hidden.weight", normal({kHidden, kInputs}, 1) * 0.3);
    add("hidden.bias", torch::zeros({kHidden}));
    add("out.weight", normal({kClasses, kHidden}, 2) * 0.3);
    add("out.bias", torch::zeros({kClasses}));
  }
  NamedTensors parameters() override { return parameters_; }

  nn::Loss loss(const nn::Batch& batch) override {
    auto hidden = features(batch);
    const auto* context = attention::random_context();
    if (dropout_ > 0 && context != nullptr) {
      const auto key =
          static_cast<uint64_t>(context->seed * 1000003 + context->step.item<int64_t>());
      const auto mask =
          torch::rand(hidden.sizes(), at::make_generator<at::CPUGeneratorImpl>(key)).ge(dropout_);
      hidden = hidden * mask / (1 - dropout_);
    }
    return torch::cross_entropy_loss(logits(hidden), batch.targets);
  }

  nn::BatchScore score(const nn::Batch& batch) override {
    const auto out = logits(features(batch)).to(torch::kFloat64);
    const auto losses = torch::cross_entropy_loss(out, batch.targets, {}, at::Reduction::Sum);
    const auto right = out.argmax(1).eq(batch.targets).sum().to(torch::kFloat64);
    const auto three = torch::stack({losses, right, torch::full({}, batch.rows, torch::kFloat64)});
    return torch::cat({three, out.sum(0), out.square().sum(0)});
  }

  /// From this batch counter on, `layer` puts out a NaN.
  int64_t nan_from = -1;
  std::string nan_layer = "hidden";

 private:
  void add(const std::string& name, torch::Tensor value) {
    parameters_.emplace_back(name, value.set_requires_grad(true));
  }
  torch::Tensor broken(torch::Tensor x, const std::string& layer) const {
    const auto* context = attention::random_context();
    const bool now = nan_from >= 0 && layer == nan_layer && context != nullptr &&
                     context->step.item<int64_t>() >= nan_from;
    return now ? x * std::numeric_limits<float>::quiet_NaN() : x;
  }
  torch::Tensor features(const nn::Batch& batch) const {
    const nn::LayerScope scope("mlp");
    auto x = torch::addmm(parameters_[1].second, batch.inputs, parameters_[0].second.t());
    x = broken(torch::gelu(x), "hidden");
    nn::observe("hidden", x);
    return x;
  }
  torch::Tensor logits(const torch::Tensor& hidden) const {
    const nn::LayerScope scope("mlp");
    auto x = torch::addmm(parameters_[3].second, hidden, parameters_[2].second.t());
    x = broken(x, "out");
    nn::observe("out", x);
    return x;
  }

  NamedTensors parameters_;
  double dropout_;
};

/// Beside the parameters a moving mean of the loss, which weighs an auxiliary loss whose rate falls
/// to 0 over the run.
class BaselineLearner : public ToyLearner {
 public:
  explicit BaselineLearner(double dropout = 0) : ToyLearner(dropout) {}
  NamedTensors buffers() override { return {{"baseline", baseline_}}; }
  std::vector<attention::StepScalar> step_scalars() override {
    return {{"rate", [](int64_t step, int64_t steps) {
               return 0.5 * (1 - static_cast<double>(step) / static_cast<double>(steps));
             }}};
  }
  nn::Loss loss(const nn::Batch& batch) override {
    auto loss = ToyLearner::loss(batch);
    const auto size = parameters()[0].second.square().mean();
    const auto* rate = attention::step_scalar("rate");
    loss.auxiliary = {
        {"size", (rate != nullptr ? *rate : torch::zeros({})) * baseline_.clone() * size},
        {"still", 0 * size}};
    const torch::NoGradGuard no_grad;
    baseline_.mul_(0.9).add_(0.1 * loss.main);
    return loss;
  }

 private:
  torch::Tensor baseline_ = torch::ones({});
};

inline nn::Batch toy_batch(int64_t index, int64_t rows) {
  nn::Batch batch;
  batch.inputs = normal({rows, ToyLearner::kInputs}, 1000 + static_cast<uint64_t>(index));
  const auto truth = normal({ToyLearner::kInputs, ToyLearner::kClasses}, 7);
  batch.targets = batch.inputs.matmul(truth).argmax(1);
  batch.rows = rows;
  batch.tokens = rows;
  return batch;
}

class ToyBatches : public Batches {
 public:
  explicit ToyBatches(int64_t rows = 16, int64_t per_epoch = 0)
      : rows_(rows), per_epoch_(per_epoch) {}
  nn::Batch batch(int64_t index) override { return toy_batch(index, rows_); }
  int64_t per_epoch() const override { return per_epoch_; }
  std::string describe(int64_t index) override { return "toy rows of " + std::to_string(index); }

 private:
  int64_t rows_, per_epoch_;
};

inline Evaluation toy_evaluation() {
  return {[](int64_t i) { return toy_batch(1'000'000 + i, 64); }, 2};
}

}  // namespace regard::train
