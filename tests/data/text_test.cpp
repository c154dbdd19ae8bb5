// Windows over one text for a language model.
#include <gtest/gtest.h>

#include "data/helpers.hpp"

namespace regard::data {
namespace {

std::shared_ptr<const Dataset> text(int64_t bytes, int64_t window) {
  std::string content;
  for (int64_t i = 0; i < bytes; ++i) content += static_cast<char>(33 + i % 90);
  ExamplesBuilder builder;
  parse_text(content, "book.txt", builder);
  auto encoding = bytes_encoding(window, {});
  encoding.task = &find_task("language_model");
  return make_dataset(builder.finish(), encoding, torch::kCPU);
}

TEST(Text, TargetsAreTheNextTokens) {
  const auto data = text(500, 16);
  StreamOptions options;
  options.size.rows = 5;
  const auto stream = data->train(options);
  const auto batch = stream->batch(3);
  ASSERT_EQ(batch.inputs.sizes(), (std::vector<int64_t>{5, 16}));
  EXPECT_FALSE(batch.lengths.defined());
  EXPECT_EQ(batch.tokens, 80);
  EXPECT_TRUE(torch::equal(batch.inputs.narrow(1, 1, 15), batch.targets.narrow(1, 0, 15)));
  const auto starts = stream->examples(3);
  for (std::size_t b = 0; b < 5; ++b) {
    const auto at = static_cast<int64_t>(b);
    EXPECT_EQ(batch.inputs[at][0].item<int64_t>(), 33 + starts[b] % 90);
    EXPECT_EQ(batch.targets[at][15].item<int64_t>(), 33 + (starts[b] + 16) % 90);
  }
}

TEST(Text, BatchIsAFunctionOfSeedAndStep) { expect_pure(*text(500, 16), {}); }

TEST(Text, CropsReachBothEnds) {
  const auto data = text(10, 8);
  const auto stream = data->train({});
  std::set<int64_t> starts;
  for (int64_t step = 0; step < 20; ++step) {
    for (const auto start : stream->examples(step)) starts.insert(start);
  }
  EXPECT_EQ(starts, (std::set<int64_t>{0, 1}));
}

TEST(Text, EvaluationTargetsEveryTokenButTheFirstOnce) {
  for (const int64_t bytes : {2, 16, 17, 18, 33, 100, 129}) {
    const auto data = text(bytes, 16);
    const auto sweep = data->sweep(3);
    std::vector<int64_t> targets;
    int64_t tokens = 0;
    for (int64_t step = 0; step < sweep->steps_per_epoch(); ++step) {
      const auto batch = sweep->batch(step);
      tokens += batch.tokens;
      EXPECT_EQ(batch.rows, static_cast<int64_t>(sweep->examples(step).size()));
      const auto flat = batch.targets.reshape({-1});
      for (int64_t i = 0; i < flat.size(0); ++i) {
        const auto id = flat[i].item<int64_t>();
        if (id >= 0) targets.push_back(id);
      }
    }
    EXPECT_EQ(tokens, bytes - 1);
    ASSERT_EQ(static_cast<int64_t>(targets.size()), bytes - 1);
    for (int64_t i = 1; i < bytes; ++i) {
      ASSERT_EQ(targets[static_cast<std::size_t>(i) - 1], 33 + i % 90) << bytes;
    }
  }
}

TEST(Text, TooShortTextsAreRefused) {
  EXPECT_EQ(
      input_error([] { text(16, 16)->train({}); }),
      "book.txt: the training text has 16 tokens, and windows of max_length = 16 need at least 17");
  EXPECT_TRUE(contains(input_error([] { text(1, 16); }), "at least 2 tokens"));
}

}  // namespace
}  // namespace regard::data
