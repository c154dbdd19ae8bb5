// Streaming: equal to the model on the whole file, for any chunk, any pooling, one layer and
// several; passes as promised.
#include "regard/lab/stream_predict.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "harness/message.hpp"
#include "readers/helpers.hpp"
#include "regard/base/philox.hpp"

namespace regard::lab {
namespace {
using torch::Tensor;

TrainedRun run_of(const std::string& phrase, const std::string& positions,
                  const std::string& pooling, int64_t layers) {
  TrainedRun run;
  run.recipe.attention.phrase = phrase;
  auto& spec = run.recipe.model;
  spec.trunk.width = 16;
  spec.trunk.heads = 2;
  spec.trunk.layers = layers;
  spec.trunk.mlp = 32;
  spec.trunk.init = 0.3;
  spec.trunk.positions = positions;
  spec.pooling = pooling;
  spec.head_hidden = 8;
  run.encoding.classes = {"a", "b", "c"};
  run.encoding.tokenizer = data::byte_tokenizer();
  run.encoding.vocabulary = 256;
  run.encoding.max_length = 64;
  run.model = make_model(run.recipe, run.encoding);
  run.model->eval();
  return run;
}

// Bytes whose statistics drift, so that chunks differ.
std::string bytes(int64_t count, uint64_t seed = 1) {
  Random random(seed, RandomStream::kTest);
  std::string text;
  for (int64_t i = 0; i < count; ++i) {
    text += static_cast<char>(random.below(static_cast<uint64_t>(2 + 254 * i / count)));
  }
  return text;
}

std::vector<double> at_once(const TrainedRun& run, const std::string& text) {
  const torch::NoGradGuard guard;
  auto ids = at::empty({1, static_cast<int64_t>(text.size())}, torch::kLong);
  for (std::size_t i = 0; i < text.size(); ++i)
    ids.data_ptr<int64_t>()[i] = static_cast<uint8_t>(text[i]);
  nn::Batch batch;
  batch.inputs = ids;
  const auto p = at::softmax(run.model->logits(batch), 1).to(torch::kDouble).contiguous();
  return {p.const_data_ptr<double>(), p.const_data_ptr<double>() + p.size(1)};
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double tolerance,
                 const std::string& where) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << where;
}

struct Form {
  const char *phrase, *positions, *pooling;
  int64_t layers;
};

TEST(StreamPredict, EqualsOnePassForAnyChunk) {
  data::TemporaryFolder folder;
  const auto text = bytes(3000);
  const auto path = folder.write("data.bin", text);
  std::vector<Form> forms;
  for (const char* pooling : {"mean", "cls", "attention"}) {
    forms.push_back({"hrr", "none", pooling, 1});
    forms.push_back({"hrr", "rotary", pooling, 1});
    forms.push_back({"hrr", "rotary", pooling, 2});
  }
  for (const char* phrase : {"hrr(scale=time)", "hrr(unbind=unit)", "hrr(unbind=exact)"}) {
    forms.push_back({phrase, "rotary", "cls", 1});
    forms.push_back({phrase, "none", "mean", 2});
  }
  for (const auto& form : forms) {
    const auto where = std::string(form.phrase) + " " + form.positions + " " + form.pooling + " " +
                       std::to_string(form.layers);
    const auto run = run_of(form.phrase, form.positions, form.pooling, form.layers);
    const auto expected = at_once(run, text);
    for (const int64_t chunk : {3000, 1024, 333}) {
      const auto got = StreamPredictor(run, chunk, Counting::kNever).predict(path);
      expect_near(got.prediction.probabilities, expected, 2e-5, where);
      // Two passes for one layer with a single pooled output, 2 L + 1 in general.
      EXPECT_EQ(got.passes, 2 * form.layers + (std::string(form.pooling) == "cls" ? 0 : 1))
          << where;
      EXPECT_EQ(got.bytes, 3000);
    }
  }
}

// Without positions the order of bytes is unknown to the model, so counts are enough.
TEST(StreamPredict, CountsWhereNothingKnowsTheOrder) {
  data::TemporaryFolder folder;
  auto text = bytes(5000);
  const auto path = folder.write("data.bin", text);
  for (const char* pooling : {"mean", "cls", "attention"}) {
    const auto run = run_of("hrr(scale=time)", "none", pooling, 3);
    const auto got = StreamPredictor(run).predict(path);
    EXPECT_EQ(got.passes, 1);
    expect_near(got.prediction.probabilities, at_once(run, text), 2e-5, pooling);
  }
  // With rotary positions the order matters.
  const auto run = run_of("hrr(scale=time)", "rotary", "mean", 2);
  const auto forward = StreamPredictor(run, 512).predict(path).prediction.probabilities;
  std::reverse(text.begin(), text.end());
  const auto back =
      StreamPredictor(run, 512).predict(folder.write("back.bin", text)).prediction.probabilities;
  EXPECT_GT(std::abs(forward[0] - back[0]), 1e-4);
}

TEST(StreamPredict, RefusesRunsWhosePaddingCounts) {
  auto run = run_of("hrr", "none", "mean_padded", 1);
  EXPECT_EQ(harness::message([&] { StreamPredictor{run}; }),
            "predict --stream: pooling that leaves padding out was expected, and this run has "
            "pooling = \"mean_padded\"");
  run = run_of("hrr(mode=paper)", "none", "mean", 1);
  StreamPredictor{run};
  run.encoding.pad_to = 64;
  EXPECT_EQ(harness::message([&] { StreamPredictor{run}; }),
            "predict --stream: pads=out with pad_to was expected, and this run has hrr(pads=in)");
}

TEST(StreamPredict, LayersOfOffBetween) {
  data::TemporaryFolder folder;
  const auto text = bytes(3000);
  const auto path = folder.write("data.bin", text);
  auto run = run_of("hrr", "rotary", "mean", 3);
  run.recipe.attention.layers = {"off", "hrr", "off"};
  run.model = make_model(run.recipe, run.encoding);
  run.model->eval();
  const auto got = StreamPredictor(run, 700).predict(path);
  EXPECT_EQ(got.passes, 3);
  expect_near(got.prediction.probabilities, at_once(run, text), 2e-5, "off");
}

// Two megabytes; memory must not follow the length of the file.
TEST(StreamPredict, MemoryStaysAsTheFileGrows) {
  data::TemporaryFolder folder;
  const auto run = run_of("hrr", "rotary", "cls", 1);
  StreamPredictor predictor(run, 1 << 12);
  const auto small = predictor.predict(folder.write("small.bin", bytes(1 << 16)));
  const auto large = predictor.predict(folder.write("large.bin", bytes(1 << 21)));
  EXPECT_EQ(large.passes, 2);
  EXPECT_EQ(large.bytes, 1 << 21);
  EXPECT_LT(large.peak_memory - small.peak_memory, 24 << 20);  // q alone takes 128 MiB at once
}

TEST(StreamPredict, Refusals) {
  data::TemporaryFolder folder;
  const auto reason = [](const TrainedRun& run) {
    return harness::message([&] { StreamPredictor{run}; });
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(reason(run_of("hrr", "learned", "mean", 1)), "a model without a position table"));
  EXPECT_TRUE(has(reason(run_of("softmax", "none", "mean", 1)),
                  "attention by hrr or off on the full graph"));
  EXPECT_TRUE(has(reason(run_of("window(width=4)+hrr", "none", "mean", 1)), "on the full graph"));
  auto words = run_of("hrr", "none", "mean", 1);
  words.encoding.tokenizer = data::word_tokenizer({"x"}, true);
  EXPECT_TRUE(has(reason(words), "the tokenizer byte"));
  const auto run = run_of("hrr", "none", "mean", 1);
  StreamPredictor predictor(run, 100, Counting::kNever);
  EXPECT_TRUE(has(harness::message([&] { predictor.predict(folder / "none"); }), "no such file"));
  EXPECT_TRUE(has(harness::message([&] { predictor.predict(folder.write("empty", "")); }),
                  "the file is empty"));
  folder.write("d/x", "y");
  EXPECT_TRUE(
      has(harness::message([&] { predictor.predict(folder / "d"); }), "this is a directory"));
  EXPECT_TRUE(
      has(harness::message([&] { StreamPredictor(run, 0); }), "a chunk of at least 1 byte"));
}

}  // namespace
}  // namespace regard::lab
