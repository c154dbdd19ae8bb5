// Whole runs of a toy: what they reach, write, refuse and survive.
#include "regard/train/loop.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/train/schedule.hpp"
#include "toy.hpp"

namespace regard::train {
namespace {

Spec short_run() {
  Spec spec;
  spec.steps = 60;
  spec.lr = 1e-2;
  spec.eval_every = 20;
  spec.log_every = 10;
  return spec;
}

class LoopTest : public testing::Test {
 protected:
  using Open = run::Folder::Open;
  Outcome train(Learner& learner, const Spec& spec, Open how = Open::kNew,
                const ProgressCallback& progress = {}) {
    const run::Folder folder(run_folder, how);
    return run(learner, batches, toy_evaluation(), spec, folder, identity, progress);
  }
  std::vector<nlohmann::json> metrics() const {
    std::vector<nlohmann::json> lines;
    std::ifstream in(run_folder / "metrics.jsonl");
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }
  template <class Error>
  std::string message(const std::function<void()>& act) const {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  std::string last() const { return read_file(run_folder / "last.safetensors"); }

  TemporaryFolder temporary;
  std::filesystem::path run_folder = temporary.path() / "run";
  ToyBatches batches{16, 30};
  run::Identity identity{"toy", 1, {{"kind", "toy"}}};
};

TEST_F(LoopTest, ARunWhoseLogitsDoNotVaryIsTold) {
  ToyLearner learner;
  {
    const torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : learner.parameters()) tensor.zero_();
  }
  auto spec = short_run();
  spec.steps = 20;
  spec.lr = 1e-9;
  double told = -1;
  const auto outcome = train(learner, spec, Open::kNew, [&](const Progress& p) {
    if (p.event == Progress::Event::kEvaluation) told = p.logit_deviation;
  });
  EXPECT_TRUE(same_answer(told));
  EXPECT_TRUE(same_answer(outcome.logit_deviation));
  EXPECT_LT(metrics().back().value("logit_deviation", told), 1e-3);
}

TEST_F(LoopTest, LearnsAndWritesItsFolder) {
  ToyLearner learner(0.1);
  const double before = evaluate(learner, toy_evaluation()).loss;
  const auto outcome = train(learner, short_run());
  EXPECT_EQ(outcome.step, 60);
  EXPECT_EQ(outcome.finished, "steps");
  EXPECT_EQ(outcome.tokens, 60 * 16);
  EXPECT_LT(outcome.valid_loss, 0.8 * before);
  EXPECT_GT(outcome.valid_accuracy, 0.6);
  EXPECT_LE(outcome.best_loss, outcome.valid_loss);
  EXPECT_GT(outcome.peak_memory, 0);

  std::vector<int64_t> logged, evaluated;
  for (const auto& line : metrics()) {
    if (line.contains("valid_loss")) evaluated.push_back(line["step"]);
    if (line.contains("grad_norm")) logged.push_back(line["step"]);
  }
  EXPECT_EQ(logged, (std::vector<int64_t>{10, 20, 30, 40, 50, 60}));
  EXPECT_EQ(evaluated, (std::vector<int64_t>{20, 40, 60}));
  EXPECT_DOUBLE_EQ(metrics().front()["epoch"].get<double>(), 10.0 / 30);

  ToyLearner again;
  load_weights(run_folder / "best.safetensors", again);
  EXPECT_DOUBLE_EQ(evaluate(again, toy_evaluation()).loss, outcome.best_loss);
  EXPECT_EQ(run::read_arrays(run_folder / "best.safetensors").metadata.at("kind"), "toy");
}

TEST_F(LoopTest, TwoRunsWriteTheSameBytes) {
  ToyLearner first(0.2), second(0.2);
  train(first, short_run());
  const std::string bytes = last();
  run_folder = temporary.path() / "other";
  train(second, short_run());
  EXPECT_TRUE(last() == bytes);
}

TEST_F(LoopTest, AccumulationEqualsTheLargeBatch) {
  // Four batches of 16 rows are one of 64, when it holds the same rows.
  struct Joined : Batches {
    nn::Batch batch(int64_t index) override {
      nn::Batch whole = toy_batch(4 * index, 16);
      for (int64_t i = 1; i < 4; ++i) {
        const auto part = toy_batch(4 * index + i, 16);
        whole.inputs = torch::cat({whole.inputs, part.inputs});
        whole.targets = torch::cat({whole.targets, part.targets});
      }
      return whole;
    }
  } joined;
  Spec spec = short_run();
  spec.steps = 20;
  ToyLearner large, small;
  const run::Folder folder(temporary.path() / "large", Open::kNew);
  run(large, joined, toy_evaluation(), spec, folder, identity);
  spec.accumulate = 4;
  train(small, spec);
  for (std::size_t i = 0; i < large.parameters().size(); ++i) {
    const auto difference = large.parameters()[i].second - small.parameters()[i].second;
    EXPECT_LT(difference.abs().max().item<double>(), 1e-5) << large.parameters()[i].first;
  }
}

TEST_F(LoopTest, ClippingBoundsTheGradientThatAdamSees) {
  Spec spec = short_run();
  spec.steps = 1;
  spec.clip = 1e-3;
  spec.schedule = "constant";
  ToyLearner learner;
  train(learner, spec);
  const auto file = load_safetensors(run_folder / "last.safetensors");
  double squares = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with("optimizer.exp_avg.")) squares += tensor.square().sum().item<double>();
  }
  EXPECT_NEAR(std::sqrt(squares) / (1 - spec.beta1), 1e-3, 1e-8);
}

TEST_F(LoopTest, NanStopsWithStepBatchAndLayer) {
  ToyLearner learner;
  learner.nan_from = 33;
  std::string text = message<RunError>([&] { train(learner, short_run()); });
  EXPECT_NE(text.find("at step 34 "), std::string::npos) << text;
  EXPECT_NE(text.find("toy rows of 33"), std::string::npos) << text;
  EXPECT_NE(text.find("\"mlp.hidden\""), std::string::npos) << text;
  EXPECT_EQ(metrics().back()["step"], 33) << "the steps before the bad one are kept";
  const auto file = load_safetensors(run_folder / "last.safetensors");
  EXPECT_EQ(file.tensors.at("rng.step").item<int64_t>(), 20);
  for (const auto& [name, tensor] : learner.parameters()) {
    EXPECT_TRUE(tensor.isfinite().all().item<bool>()) << name;
  }
  // Where the fault lies in the last layer, the last layer is named.
  run_folder = temporary.path() / "out";
  ToyLearner other;
  other.nan_from = 5;
  other.nan_layer = "out";
  text = message<RunError>([&] { train(other, short_run()); });
  EXPECT_NE(text.find("\"mlp.out\""), std::string::npos) << text;
}

TEST_F(LoopTest, ABadGradientOfAGoodLossIsNamed) {
  struct RootLearner : ToyLearner {
    nn::Loss loss(const nn::Batch& batch) override {
      // sqrt(0) is 0 and its derivative is infinite.
      return ToyLearner::loss(batch).main + (parameters()[3].second.sum() * 0).sqrt();
    }
  } learner;
  const auto text = message<RunError>([&] { train(learner, short_run()); });
  EXPECT_NE(text.find("gradient of the parameter \"out.bias\""), std::string::npos) << text;
}

TEST_F(LoopTest, SignalSavesAndResumeGivesTheSameBytes) {
  Spec spec = short_run();
  spec.ema = 0.9;
  ToyLearner whole(0.2);
  train(whole, spec);
  const std::string expected = last();
  run_folder = temporary.path() / "stopped";
  ToyLearner stopped(0.2);
  try {
    train(stopped, spec, Open::kNew, [](const Progress& p) {
      if (p.step == 30) std::raise(SIGTERM);
    });
    FAIL() << "the signal did not stop the run";
  } catch (const Interrupted& error) {
    EXPECT_EQ(error.signal, SIGTERM);
  }
  const auto file = load_safetensors(run_folder / "last.safetensors");
  EXPECT_EQ(file.tensors.at("rng.step").item<int64_t>(), 30);
  ToyLearner resumed(0.2);
  train(resumed, spec, Open::kResume);
  EXPECT_TRUE(last() == expected);
  int64_t before = 0;
  for (const auto& line : metrics()) {
    EXPECT_GE(line["step"].get<int64_t>(), before);
    before = line["step"];
  }
}

TEST_F(LoopTest, ASignalDuringAnEvaluationLosesNothing) {
  ToyLearner whole;
  train(whole, short_run());
  const std::string expected = last();
  run_folder = temporary.path() / "stopped";
  bool raised = false;
  Evaluation evaluation = toy_evaluation();
  evaluation.batch = [&](int64_t i) {
    if (!std::exchange(raised, true)) std::raise(SIGINT);
    return toy_evaluation().batch(i);
  };
  ToyLearner stopped;
  {
    const run::Folder folder(run_folder, Open::kNew);
    EXPECT_THROW(run(stopped, batches, evaluation, short_run(), folder, identity), Interrupted);
  }
  ToyLearner resumed;
  train(resumed, short_run(), Open::kResume);
  EXPECT_TRUE(last() == expected);
}

TEST_F(LoopTest, AFinishedRunReturnsAtOnce) {
  ToyLearner learner;
  const auto first = train(learner, short_run());
  const std::string bytes = last(), lines = read_file(run_folder / "metrics.jsonl");
  struct Refusing : ToyLearner {
    nn::Loss loss(const nn::Batch&) override { throw RunError("trained again"); }
  } refusing;
  const auto second = train(refusing, short_run(), Open::kResume);
  EXPECT_EQ(second.step, 60);
  EXPECT_EQ(second.best_loss, first.best_loss);
  EXPECT_EQ(second.train_loss, first.train_loss);
  EXPECT_EQ(second.seconds, first.seconds);
  EXPECT_TRUE(last() == bytes);
  EXPECT_EQ(read_file(run_folder / "metrics.jsonl"), lines);
}

TEST_F(LoopTest, RefusesFoldersAndCheckpointsOfOthers) {
  ToyLearner learner;
  train(learner, short_run(), Open::kResume);  // nothing there: starts at step 0
  EXPECT_NE(message<InputError>([&] { train(learner, short_run()); }).find("--resume"),
            std::string::npos);
  identity.recipe = "another";
  EXPECT_NE(message<InputError>([&] {
              train(learner, short_run(), Open::kResume);
            }).find("another recipe"),
            std::string::npos);
  identity = {"toy", 2, {}};
  EXPECT_NE(message<InputError>([&] { train(learner, short_run(), Open::kResume); }).find("seed 1"),
            std::string::npos);
  const run::Folder held(run_folder, Open::kResume);
  EXPECT_NE(
      message<InputError>([&] { run::Folder(run_folder, Open::kResume); }).find("another run"),
      std::string::npos);
}

TEST_F(LoopTest, AnEvaluationThatIsNotFiniteEndsTheRun) {
  struct Lost : ToyLearner {
    nn::BatchScore score(const nn::Batch& batch) override {
      return ToyLearner::score(batch).sums.mul_(NAN);
    }
  } learner;
  const auto text = message<RunError>([&] { train(learner, short_run()); });
  EXPECT_NE(text.find("step 20: evaluation: the loss over"), std::string::npos) << text;
  EXPECT_NE(text.find("is not finite"), std::string::npos) << text;
  for (const auto& line : metrics()) EXPECT_FALSE(line.contains("valid_loss"));
}

TEST_F(LoopTest, FullDiskLeavesTheCheckpointBefore) {
  struct Large : ToyLearner {
    torch::Tensor ballast = torch::zeros({50'000}).set_requires_grad(true);
    NamedTensors parameters() override {
      auto all = ToyLearner::parameters();
      all.emplace_back("ballast", ballast);
      return all;
    }
  } learner;
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  std::string saved;
  const auto text = message<RunError>([&] {
    train(learner, short_run(), Open::kNew, [&](const Progress& p) {
      if (p.step != 30) return;
      saved = last();
      const rlimit limit{100'000, before.rlim_max};
      setrlimit(RLIMIT_FSIZE, &limit);
    });
  });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(text.find("cannot be written"), std::string::npos) << text;
  EXPECT_FALSE(saved.empty());
  EXPECT_TRUE(last() == saved);
  EXPECT_EQ(train(learner, short_run(), Open::kResume).step, 60);
}

TEST_F(LoopTest, StopsEarlyWithoutImprovement) {
  Spec spec = short_run();
  spec.steps = 1000;
  spec.eval_every = 5;
  spec.early_stop = 3;
  spec.lr = 1e-12;  // moves nothing in fp32: no evaluation is better than the first
  spec.weight_decay = 0;
  ToyLearner learner;
  const auto outcome = train(learner, spec);
  EXPECT_EQ(outcome.finished, "early stop");
  EXPECT_LT(outcome.step, 200);
  EXPECT_EQ(outcome.step, outcome.best_step + 15);
}

/// Overfits: each evaluation has a higher loss and more right answers, but the last one fewer.
class OverfittingLearner : public ToyLearner {
 public:
  nn::BatchScore score(const nn::Batch&) override {
    const auto evaluation = static_cast<double>(calls_++ / toy_evaluation().count);
    return torch::tensor({1 + evaluation, evaluation < 2 ? evaluation : 0.0, 4.0}, torch::kDouble);
  }

 private:
  int64_t calls_ = 0;
};

TEST_F(LoopTest, TheBestCheckpointIsThatOfTheLossOrOfTheAccuracy) {
  Spec spec = short_run();
  OverfittingLearner by_loss, by_accuracy;
  const auto lowest = train(by_loss, spec);
  EXPECT_EQ(lowest.best_step, 20);
  EXPECT_DOUBLE_EQ(lowest.best_loss, 0.25);
  std::filesystem::remove_all(run_folder);
  spec.best = "accuracy";
  const auto most = train(by_accuracy, spec);
  EXPECT_EQ(most.best_step, 40);
  EXPECT_DOUBLE_EQ(most.best_accuracy, 0.25);
  EXPECT_DOUBLE_EQ(most.best_loss, 0.5);
}

TEST_F(LoopTest, StopsAfterItsSecondsAndTheRateFollowsTheClock) {
  Spec spec = short_run();
  spec.seconds = 0.3;
  spec.log_every = 1;
  ToyLearner learner;
  const auto outcome = train(learner, spec);
  EXPECT_EQ(outcome.finished, "seconds");
  EXPECT_GE(outcome.seconds, 0.3);
  double before = 0;
  for (const auto& line : metrics()) {
    if (!line.contains("lr")) continue;
    EXPECT_LT(before, 0.3) << "a step began after the end";
    const double expected = Schedule(spec, 0).at(line["step"].get<int64_t>() - 1, before / 0.3);
    EXPECT_EQ(line["lr"].get<double>(), expected) << line;
    before = line["seconds"];
  }
  EXPECT_EQ(before, outcome.seconds);
}

TEST_F(LoopTest, EpochsKeepAndBf16) {
  Spec spec = short_run();
  spec.epochs = 1.5;
  spec.accumulate = 2;
  spec.keep = 2;
  spec.checkpoint_every = 5;
  spec.dtype = "bf16";
  spec.ema = 0.8;
  ToyLearner learner;
  const double before = evaluate(learner, toy_evaluation()).loss;
  const auto outcome = train(learner, spec);
  EXPECT_EQ(outcome.step, 23);  // 45 batches in pairs
  EXPECT_LT(outcome.valid_loss, before);
  EXPECT_EQ(learner.parameters()[0].second.scalar_type(), torch::kFloat32);
  std::vector<std::string> kept;
  for (const auto& entry : std::filesystem::directory_iterator(run_folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("step-")) kept.push_back(name);
  }
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(kept,
            (std::vector<std::string>{"step-000000020.safetensors", "step-000000023.safetensors"}));
}

}  // namespace
}  // namespace regard::train
