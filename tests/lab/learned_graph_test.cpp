// A graph that learns: one parameter, one auxiliary loss, a moving mean and a scalar of the step,
// put into a model by hand. It is trained, killed and resumed, and ends with the same bits as a run
// that nothing disturbed.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "regard/base/files.hpp"
#include "regard/lab/session.hpp"
#include "regard/models/kinds/encoder_classifier.hpp"
#include "regard/train/loop.hpp"

namespace regard::lab {
namespace {
using torch::Tensor;

constexpr const char* kFolder = "REGARD_TEST_LEARNED_GRAPH";
constexpr const char* kPhrase =
    "REGARD_TEST_LEARNED_GRAPH_PHRASE";  // unset: the graph of this file
constexpr int64_t kSteps = 40;

/// A window, and a parameter that follows the mean of the inputs, the more slowly the later the
/// step.
class Leaning final : public attention::GraphModule, public attention::ReadsStepScalars {
 public:
  Leaning() {
    lean_ = register_parameter("lean", at::zeros({}));
    seen_ = register_buffer("seen", at::zeros({}));
  }
  std::vector<attention::StepScalar> step_scalars() const override {
    return {{"pace", [](int64_t step, int64_t steps) {
               return 1 - static_cast<double>(step) / static_cast<double>(steps);
             }}};
  }
  attention::MadeGraph forward(const attention::Call& call) override {
    const auto* pace = attention::step_scalar("pace");
    const auto target = call.x.mean() + seen_.clone();
    auto loss = (lean_ - target).square();
    if (pace != nullptr) loss = loss * *pace;
    if (is_training()) {
      const torch::NoGradGuard guard;
      seen_.mul_(0.9).add_(0.1 * (call.x.mean() + 1));
    }
    return {graph::Graph(graph::Band{2, 2}), {{"lean", loss}}};
  }
  void start(uint64_t) override {
    const torch::NoGradGuard guard;
    lean_.fill_(0.5);
  }

 private:
  Tensor lean_, seen_;
};

struct LeaningGraph final : attention::Graph {
  std::string summary() const override { return "a window that leans"; }
  std::string equation() const override { return "E = {(i, j): |i - j| <= 2}"; }
  graph::Graph facts(bool causal) const override { return {graph::Band{2, 2}, causal}; }
  std::shared_ptr<attention::GraphModule> build(const attention::Size&) const override {
    return std::make_shared<Leaning>();
  }
};

std::shared_ptr<models::Model> leaning_model() {
  models::ModelSpec spec;
  spec.trunk.width = 16;
  spec.trunk.heads = 2;
  spec.trunk.dropout = 0.1;
  const char* named = std::getenv(kPhrase);
  auto phrase = attention::parse_phrase(named != nullptr ? named : "softmax");
  if (named == nullptr) phrase.graph = std::make_shared<LeaningGraph>();
  return std::make_shared<models::EncoderClassifier>(
      spec, models::ModelShape{.input = {.vocabulary = 11}, .classes = 3, .max_length = 8},
      std::vector<attention::Phrase>{phrase}, 1);
}

nn::Batch made(int64_t index) {
  nn::Batch batch;
  batch.inputs = (at::arange(8 * 8).view({8, 8}) * (index + 3) + index).remainder(11);
  batch.targets = batch.inputs.select(1, 0).remainder(3);
  batch.rows = 8;
  batch.tokens = 64;
  return batch;
}

struct Made : train::Batches {
  nn::Batch batch(int64_t index) override { return made(index); }
};

void train_in(const std::filesystem::path& path, const train::ProgressCallback& progress = {}) {
  ModelLearner learner(leaning_model());
  train::Spec spec;
  spec.steps = kSteps;
  spec.eval_every = 10;
  spec.log_every = 5;
  Made batches;
  const train::Evaluation valid{[](int64_t i) { return made(1000 + i); }, 2};
  const run::Folder folder(path, run::Folder::Open::kResume);
  train::run(learner, batches, valid, spec, folder, {"leaning", 1, {}}, progress);
}

/// Runs in a process of its own, which ends itself by SIGKILL behind the checkpoint of step 20.
TEST(LearnedGraphChild, IsKilledInTheMiddle) {
  const char* path = std::getenv(kFolder);
  if (path == nullptr) GTEST_SKIP() << "only the next test starts it";
  train_in(path, [](const train::Progress& p) {
    if (p.step == 25) kill(getpid(), SIGKILL);
  });
}

// A calm run, and one that is killed in a process of its own and resumed here: the same bytes.
void expect_same_bits(const std::filesystem::path& root) {
  const auto calm = root / "calm", killed = root / "killed";
  train_in(calm);

  const pid_t child = fork();
  if (child == 0) {
    setenv(kFolder, killed.c_str(), 1);
    execl("/proc/self/exe", "test_lab", "--gtest_filter=LearnedGraphChild.*", "--gtest_brief=1",
          nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "it should not have reached its end";
  ASSERT_TRUE(std::filesystem::exists(killed / "last.safetensors"));
  train_in(killed);
  for (const char* name : {"last.safetensors", "best.safetensors"}) {
    EXPECT_TRUE(read_file(calm / name) == read_file(killed / name)) << name;
  }
}

std::filesystem::path fresh_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "regard-lab-XXXXXX").string();
  return ::mkdtemp(pattern.data());
}

// The edges that an LSTM draws, its moving baseline, and scores with warm steps.
TEST(LearnedGraph, EdgesAreResumedToTheSameBits) {
  for (const char* phrase : {"sac_paper(alpha=2,hidden=8)", "sac(alpha=2,warm=22)"}) {
    SCOPED_TRACE(phrase);
    setenv(kPhrase, phrase, 1);
    const auto root = fresh_folder();
    expect_same_bits(root);
    ModelLearner trained(leaning_model());
    train::load_weights(root / "calm" / "last.safetensors", trained);
    const bool policy = std::string(phrase).starts_with("sac_paper");
    EXPECT_EQ(trained.buffers().size(), policy ? 6u : 0u);  // three a layer
    if (policy) {
      EXPECT_LT(trained.buffers()[0].second.item<float>(), 0) << "a mean reward";
    }
    unsetenv(kPhrase);
    std::filesystem::remove_all(root);
  }
}

TEST(LearnedGraph, TrainsAndIsResumedToTheSameBits) {
  const auto root = fresh_folder();
  const auto calm = root / "calm";
  expect_same_bits(root);

  std::ifstream lines(calm / "metrics.jsonl");
  std::vector<double> lean;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.contains("loss_lean")) lean.push_back(json["loss_lean"].get<double>());
  }
  ASSERT_EQ(lean.size(), 8u);
  EXPECT_GT(lean.front(), 0);
  ModelLearner trained(leaning_model());
  train::load_weights(calm / "last.safetensors", trained);
  bool found = false;
  for (const auto& [name, tensor] : trained.parameters()) {
    if (!name.ends_with("attention.graph.lean")) continue;
    found = true;
    EXPECT_NE(tensor.item<float>(), 0.5F) << "the auxiliary loss moves it";
  }
  EXPECT_TRUE(found);
  ASSERT_EQ(trained.buffers().size(), 2u);  // one a layer
  EXPECT_GT(trained.buffers()[0].second.item<float>(), 0.5F);
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace regard::lab
