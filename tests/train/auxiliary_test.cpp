// Auxiliary losses, saved buffers and scalars of the step in whole runs.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/train/captured_step.hpp"
#include "regard/train/diagnose.hpp"
#include "regard/train/loop.hpp"
#include "toy.hpp"

namespace regard::train {
namespace {

Spec auxiliary_spec() {
  Spec spec;
  spec.steps = 60;
  spec.lr = 1e-2;
  spec.eval_every = 20;
  spec.log_every = 10;
  return spec;
}

void train_toy(Learner& learner, const std::filesystem::path& path, run::Folder::Open how,
               const ProgressCallback& progress = {}) {
  const run::Folder folder(path, how);
  ToyBatches batches;
  run(learner, batches, toy_evaluation(), auxiliary_spec(), folder, {"toy", 1, {}}, progress);
}

TEST(Auxiliary, EachLossHasItsFieldAndTheMainOneIsApart) {
  const TemporaryFolder temporary;
  BaselineLearner learner(0.1);
  std::vector<std::pair<std::string, double>> told;
  train_toy(learner, temporary.path() / "run", run::Folder::Open::kNew,
            [&](const Progress& p) { told = p.losses; });
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].first, "size");
  std::ifstream in(temporary.path() / "run/metrics.jsonl");
  std::vector<double> sizes;
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    if (!json.contains("grad_norm")) continue;
    sizes.push_back(json["loss_size"].get<double>());
    EXPECT_EQ(json["loss_still"].get<double>(), 0);
    EXPECT_GT(json["loss"].get<double>(), sizes.back());
  }
  ASSERT_EQ(sizes.size(), 6u);
  EXPECT_GT(sizes.front(), 0);
  EXPECT_LT(sizes.back(), sizes.front() / 4) << "its rate falls with the step";
}

TEST(Auxiliary, TheStepDescendsAlongTheSum) {
  // Twice the loss as main loss, or as main and auxiliary loss: the same gradient.
  struct Twice : ToyLearner {
    explicit Twice(bool apart) : apart(apart) {}
    nn::Loss loss(const nn::Batch& batch) override {
      auto loss = ToyLearner::loss(batch);
      if (apart) {
        loss.auxiliary = {{"again", loss.main}};
        return loss;
      }
      return loss.main + loss.main;
    }
    bool apart;
  } apart(true), together(false);
  for (auto* learner : {&apart, &together}) {
    TrainStep step(*learner, auxiliary_spec(), 1);
    for (int64_t i = 0; i < 5; ++i) {
      step.prepare(i, 1e-2);
      step.run({toy_batch(i, 16)});
    }
  }
  for (std::size_t i = 0; i < apart.parameters().size(); ++i) {
    EXPECT_TRUE(torch::equal(apart.parameters()[i].second, together.parameters()[i].second));
  }
}

TEST(Auxiliary, BuffersAndScalarsSurviveAnInterruption) {
  const TemporaryFolder temporary;
  const auto whole = temporary.path() / "whole", parts = temporary.path() / "parts";
  BaselineLearner calm(0.2), stopped(0.2), again(0.2);
  train_toy(calm, whole, run::Folder::Open::kNew);
  const auto stop = [](const Progress& p) {
    if (p.step == 30) std::raise(SIGINT);
  };
  EXPECT_THROW(train_toy(stopped, parts, run::Folder::Open::kNew, stop), Interrupted);
  EXPECT_NE(stopped.buffers()[0].second.item<float>(), 1);
  train_toy(again, parts, run::Folder::Open::kResume);
  for (const char* name : {"last.safetensors", "best.safetensors"}) {
    EXPECT_TRUE(read_file(whole / name) == read_file(parts / name)) << name;
  }
  BaselineLearner loaded;
  load_weights(whole / "last.safetensors", loaded);
  EXPECT_TRUE(torch::equal(loaded.buffers()[0].second, calm.buffers()[0].second));
}

TEST(Auxiliary, ACheckpointWithoutTheBufferIsRefused) {
  const TemporaryFolder temporary;
  ToyLearner without;
  train_toy(without, temporary.path() / "run", run::Folder::Open::kNew);
  BaselineLearner learner;
  try {
    load_weights(temporary.path() / "run/last.safetensors", learner);
    FAIL() << "no InputError";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("no tensor \"model.baseline\""), std::string::npos);
  }
}

TEST(Auxiliary, ALossThatIsNotFiniteIsNamed) {
  struct Broken : ToyLearner {
    nn::Loss loss(const nn::Batch& batch) override {
      auto loss = ToyLearner::loss(batch);
      loss.auxiliary = {{"edges", loss.main * std::numeric_limits<float>::quiet_NaN()}};
      return loss;
    }
  } learner;
  TrainStep step(learner, auxiliary_spec(), 1);
  EXPECT_EQ(find_not_finite(step, 0, {toy_batch(0, 16)}),
            "every layer is finite, and the auxiliary loss \"edges\" is not");
}

/// Its measure "height" follows a list, evaluation by evaluation.
class Measured : public ToyLearner {
 public:
  std::vector<metrics::Metric> metrics() const override {
    return {{"height"}, {"loss", false, false}, {"accuracy"}};
  }
  std::vector<double> scores(const metrics::Predictions&) const override {
    return {heights.at(next++)};
  }
  std::vector<double> heights;
  mutable std::size_t next = 0;
};

Outcome best_of(const std::vector<double>& heights, double min_delta) {
  const TemporaryFolder temporary;
  Measured learner;
  learner.heights = heights;
  auto spec = auxiliary_spec();
  spec.best = "height";
  spec.min_delta = min_delta;
  const run::Folder folder(temporary.path() / "run", run::Folder::Open::kNew);
  ToyBatches batches;
  return run(learner, batches, toy_evaluation(), spec, folder, {"toy", 1, {}});
}

TEST(Best, IsAnyMeasureOfTheTaskByAMinimalDifference) {
  const auto highest = best_of({0.5, 0.75, 0.625}, 0);
  EXPECT_EQ(highest.best_step, 40);
  EXPECT_EQ(highest.best_scores.at("height"), 0.75);
  EXPECT_EQ(best_of({0.5, 0.5625, 0.75}, 0.125).best_step, 60);
  EXPECT_EQ(best_of({0.5, 0.5625, 0.5}, 0.125).best_step, 20);
  EXPECT_EQ(best_of({0.5, 0.5, 0.5}, 0).best_step, 60) << "the loss decides between equal ones";
  EXPECT_EQ(best_of({0.5, 0.5, 0.5}, 0.01).best_step, 20);
}

TEST(Best, AMeasureThatTheTaskLacksIsRefused) {
  const TemporaryFolder temporary;
  ToyLearner learner;
  auto spec = auxiliary_spec();
  spec.best = "f1";
  const run::Folder folder(temporary.path() / "run", run::Folder::Open::kNew);
  ToyBatches batches;
  try {
    run(learner, batches, toy_evaluation(), spec, folder, {"toy", 1, {}});
    FAIL() << "no InputError";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "train: best is loss or accuracy for this task, and \"f1\" came");
  }
}

TEST(RecordedShapes, TheTwentyFifthIsToldOnce) {
  RecordedShapes shapes;
  for (std::size_t i = 0; i < 24; ++i) EXPECT_TRUE(shapes.admit(i));
  EXPECT_EQ(shapes.news(), "");
  EXPECT_FALSE(shapes.admit(24));
  EXPECT_NE(shapes.news().find("more than 24 shapes"), std::string::npos);
  EXPECT_FALSE(shapes.admit(24));
  EXPECT_EQ(shapes.news(), "");
}

}  // namespace
}  // namespace regard::train
