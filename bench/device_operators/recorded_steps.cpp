// A whole training step as one recording must change nothing: same losses, same weights.
#include <ATen/Functions.h>

#include <cmath>
#include <cstdio>
#include <exception>
#include <utility>

#include "checks.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/lab/session.hpp"
#include "regard/models/model.hpp"
#include "regard/ops/step/device_graph.hpp"
#include "regard/train/captured_step.hpp"

namespace regard::bench {
namespace {
using torch::Tensor;

struct Recorded {
  std::string kind, phrase, positions = "learned", pooling = "mean";
  int64_t width = 64;  // 256 has kernels of its own
  std::string norm = "pre",
              bias = "all";  // with feed_forward also a norm behind the embedding, none at the end
  bool learning = false;     // with an auxiliary loss, a moving mean and a scalar of the step
};

/// A model with what a learning graph brings: its loss pulls the head to a moving mean, at a rate
/// that falls.
class Learning final : public train::Learner {
 public:
  Learning(lab::ModelLearner& model, torch::Device device)
      : model_(model), seen_(torch::zeros({}, device)) {}
  train::NamedTensors parameters() override { return model_.parameters(); }
  train::NamedTensors buffers() override { return {{"seen", seen_}}; }
  std::vector<attention::StepScalar> step_scalars() override {
    return {{"rate", [](int64_t step, int64_t) { return 1.0 / static_cast<double>(1 + step); }}};
  }
  nn::Loss loss(const nn::Batch& batch) override {
    auto loss = model_.loss(batch);
    const auto& head = parameters().back().second;
    const auto gap = (head.mean() - seen_.clone()).square();
    loss.auxiliary = {{"gap", gap * *attention::step_scalar("rate")}};
    const torch::NoGradGuard guard;
    seen_.mul_(0.9).add_(0.1 * loss.main.detach());
    return loss;
  }
  nn::BatchScore score(const nn::Batch& batch) override { return model_.score(batch); }

 private:
  lab::ModelLearner& model_;
  Tensor seen_;
};

/// Five for a sanitizer: two of each shape as they are, and one that is recorded and replayed.
int64_t steps() { return brief() ? 5 : 100; }

/// Losses of so many steps and the weights after them, on batches of two shapes.
Tensors losses_and_weights(const Recorded& of, torch::Device device, const std::string& dtype,
                           bool capture) {
  const ops::SideStream stream(device);
  models::ModelSpec spec;
  spec.kind = of.kind;
  spec.pooling = of.pooling;
  spec.trunk.positions = of.positions;
  spec.trunk.width = of.width;
  spec.trunk.norm = of.norm;
  spec.trunk.norm_embed = of.norm == "feed_forward";
  spec.trunk.norm_last = of.norm != "feed_forward";
  spec.trunk.bias = of.bias;
  spec.trunk.dropout = 0.1;
  const models::ModelShape shape{
      .input = {.vocabulary = 50, .channels = 0}, .classes = 5, .max_length = 64};
  auto model = models::make_model(spec, shape, {attention::parse_phrase(of.phrase)}, 1);
  model->to(device);
  model->train();
  lab::ModelLearner plain(model);
  Learning learning(plain, device);
  train::Learner& learner = of.learning ? static_cast<train::Learner&>(learning) : plain;
  train::Spec options;
  options.dtype = dtype;
  train::TrainStep step(learner, options, 1);
  train::CapturedStep captured(step, capture ? train::Record::kMust : train::Record::kNo);
  torch::manual_seed(5);
  std::vector<double> losses;
  for (int64_t i = 0; i < steps(); ++i) {
    const int64_t time = i % 3 == 0 ? 40 : 64;
    const auto ids = torch::randint(50, {4, time}, torch::kLong);
    const bool language = of.kind == "language_model", tokens = of.kind == "sequence_labeller";
    const auto labels = tokens ? torch::randint(-1, 5, {4, time}, torch::kLong)
                               : torch::randint(5, {4}, torch::kLong);
    const nn::Batch batch{
        .inputs = ids,
        .lengths = language ? Tensor() : torch::randint(1, time + 1, {4}, torch::kLong),
        .targets = language ? ids.roll(-1, 1) : labels,
        .rows = 4,
        .tokens = 4 * time};
    step.prepare(i, 3e-3);
    captured.run({batch.to(device)});
    const auto reading = step.meter().read(i, i);
    losses.push_back(reading.loss);
    for (const auto& [name, value] : reading.parts) losses.push_back(value);
  }
  // Two steps of each shape run as they are before one is recorded.
  if (const int64_t expected = steps() - 4; capture && captured.replayed() != expected) {
    report(std::to_string(expected) + " of " + std::to_string(steps()) + " steps replayed",
           std::abs(static_cast<double>(expected - captured.replayed())), 0);
  }
  Tensors out = {torch::tensor(losses, torch::kDouble)};
  for (const auto& p : model->parameters()) out.push_back(p.detach().to(torch::kDouble).cpu());
  for (const auto& [name, b] : learner.buffers()) out.push_back(b.to(torch::kDouble).cpu());
  return out;
}

}  // namespace

void check_recorded_steps(torch::Device device) {
  for (const auto& of : std::vector<Recorded>{
           {"encoder_classifier", "softmax"},
           {"encoder_classifier", "hrr"},
           {"encoder_classifier", "hrr", "rotary", "attention"},
           {"encoder_classifier", "hrr", "learned", "mean", 256},
           {"encoder_classifier", "softmax", "learned", "mean", 256},
           {"encoder_classifier", "hrr", "learned", "mean", 256, "post", "up"},
           {"encoder_classifier", "hrr", "learned", "mean_padded", 256, "feed_forward", "up"},
           {"encoder_classifier", "hrr", "learned", "mean", 64, "feed_forward", "up"},
           {"encoder_classifier", "softmax", "learned", "mean", 256, "pre", "up"},
           {"encoder_classifier", "softmax", "alibi"},
           {"encoder_classifier", "linear", "sinusoidal"},
           {"encoder_classifier", "mean"},
           {"encoder_classifier", "softmax", "learned", "mean", 64, "pre", "all", true},
           {"sequence_labeller", "hrr"},
           {"language_model", "softmax"},
           {"language_model", "hrr"},
           {"language_model", "window(width=8)"},
           {"language_model", "linear"}}) {
    for (const std::string dtype : {"fp32", "bf16"}) {
      // The kernels of fp32 are those of the other groups; what is left to see here is how steps
      // put them together.
      const bool plain = of.kind == "encoder_classifier" && of.positions == "learned" &&
                         of.width == 64 && of.norm == "pre";
      if (brief() && dtype == "fp32" && !plain) continue;
      const auto what = std::to_string(steps()) + " recorded steps, " + of.kind + ", " + of.phrase +
                        ", positions " + of.positions + ", width " + std::to_string(of.width) +
                        ", norm " + of.norm + ", biases " + of.bias +
                        (of.learning ? ", an auxiliary loss, " : ", ") + dtype;
      try {
        const auto expected = losses_and_weights(of, device, dtype, false);
        const auto came = losses_and_weights(of, device, dtype, true);
        report(what, worst_distance(came, expected), 0);
      } catch (const std::exception& error) {
        std::printf("%s: %.300s\n", what.c_str(), error.what());
        report(what, 1, 0);
      }
    }
  }
}

}  // namespace regard::bench
