#include <gtest/gtest.h>

#include <ATen/ops/tensor.h>

#include <chrono>

#include "data/helpers.hpp"

namespace regard::data {
namespace {

TEST(Documents, RowsHoldTheirTokensLengthsAndLabels) {
  const auto data = byte_documents(50);
  StreamOptions options;
  options.size.rows = 8;
  const auto stream = data->train(options);
  for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
    const auto batch = stream->batch(step);
    const auto rows = stream->examples(step);
    ASSERT_EQ(batch.rows, static_cast<int64_t>(rows.size()));
    int64_t tokens = 0, longest = 0;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      const auto i = rows[b];
      const auto at = static_cast<int64_t>(b), length = 1 + (i * 7) % 40;
      tokens += length;
      longest = std::max(longest, length);
      if (batch.lengths.defined()) {
        EXPECT_EQ(batch.lengths[at].item<int64_t>(), length);
      }
      EXPECT_EQ(batch.targets[at].item<int64_t>(), i % 3);
      const auto row = batch.inputs[at];
      EXPECT_TRUE((row.narrow(0, 0, length) == 33 + i).all().item<bool>());
      EXPECT_TRUE((row.narrow(0, length, row.size(0) - length) == 0).all().item<bool>());
    }
    EXPECT_EQ(batch.tokens, tokens);
    EXPECT_EQ(batch.inputs.size(1), longest);
  }
}

TEST(Documents, BatchIsAFunctionOfSeedAndStep) {
  const auto data = byte_documents(50);
  for (const int64_t threads : {0, 1, 3}) {
    StreamOptions options;
    options.threads = threads;
    options.size.rows = 6;
    expect_pure(*data, options);
    options.size = {0, 120};
    expect_pure(*data, options);
  }
}

TEST(Documents, LongOnesAreCutAndCounted) {
  const auto data = byte_documents(50, 20);
  int64_t longer = 0;
  for (int64_t i = 0; i < 50; ++i) longer += (1 + (i * 7) % 40) > 20 ? 1 : 0;
  EXPECT_EQ(data->truncated(), longer);
  const auto sweep = data->sweep(50);
  EXPECT_EQ(sweep->batch(0).inputs.size(1), 20);
}

std::shared_ptr<const Dataset> padded_documents(int64_t count, int64_t pad_to) {
  auto encoding = bytes_encoding(100, {"0", "1", "2"});
  encoding.pad_to = pad_to;
  return make_dataset(documents(count), encoding, torch::kCPU);
}

TEST(Documents, PadToGivesEveryBatchOneShape) {
  const auto data = padded_documents(50, 40);  // the longest has 40
  for (const auto& stream : {data->train({.size = {.rows = 5}}), data->sweep(5)}) {
    std::set<int64_t> seen;
    bool mixed = false;
    for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
      const auto batch = stream->batch(step);
      ASSERT_EQ(batch.inputs.sizes(), (std::vector<int64_t>{5, 40}));
      ASSERT_TRUE(batch.lengths.defined());
      EXPECT_EQ(batch.tokens, batch.lengths.sum().item<int64_t>());
      const auto rows = stream->examples(step);
      for (int64_t b = 0; b < 5; ++b) {
        const auto i = rows[static_cast<std::size_t>(b)], length = 1 + (i * 7) % 40;
        EXPECT_TRUE(seen.insert(i).second);
        EXPECT_EQ(batch.lengths[b].item<int64_t>(), length);
        const auto row = batch.inputs[b];
        EXPECT_TRUE((row.narrow(0, 0, length) == 33 + i).all().item<bool>());
        EXPECT_TRUE((row.narrow(0, length, 40 - length) == 0).all().item<bool>());
      }
      const auto spread = (batch.lengths.max() - batch.lengths.min()).item<int64_t>();
      mixed = mixed || spread > 20;
    }
    EXPECT_EQ(seen.size(), 50u);
    EXPECT_TRUE(mixed);  // nothing is gained by batches of like length
  }
  expect_pure(*data, {.size = {.rows = 6}});
  // Full rows alone have the shape of all others, lengths included.
  ExamplesBuilder full;
  full.begin_file("full");
  full.add_document("abc", 1);
  full.add_label("0");
  auto encoding = bytes_encoding(3, {"0", "1"});
  encoding.pad_to = 3;
  const auto one = make_dataset(full.finish(), encoding, torch::kCPU)->sweep(1)->batch(0);
  EXPECT_TRUE(same(one.lengths, at::tensor({3}, torch::kLong)));
}

TEST(Documents, PadToCountsInABudgetAndRefusesLongerOnes) {
  const auto data = padded_documents(50, 48);
  const auto stream = data->train({.size = {0, 100}});
  EXPECT_EQ(stream->steps_per_epoch(), 25);
  EXPECT_EQ(stream->batch(3).inputs.sizes(), (std::vector<int64_t>{2, 48}));
  EXPECT_TRUE(contains(input_error([&] {
                         data->train({.size = {0, 47}});
                       }),
                       "does not hold the longest example, 48 tokens"));
  EXPECT_EQ(
      input_error([] { padded_documents(50, 30); }),
      "docs: line 6: at most pad_to = 30 tokens were expected, and 36 came; raise it, or cut at "
      "max_length = 30");
}

TEST(Documents, SweepCoversEachOnceWithoutLabelsToo) {
  auto examples = documents(23);
  examples.labels.clear();
  const auto data = make_dataset(examples, bytes_encoding(100, {"0", "1", "2"}), torch::kCPU);
  const auto sweep = data->sweep(4);
  std::set<int64_t> seen;
  for (int64_t step = 0; step < sweep->steps_per_epoch(); ++step) {
    EXPECT_FALSE(sweep->batch(step).targets.defined());
    for (const auto row : sweep->examples(step)) EXPECT_TRUE(seen.insert(row).second);
  }
  EXPECT_EQ(seen.size(), 23u);
  EXPECT_TRUE(contains(input_error([&] { data->train({}); }), "no labels"));
}

TEST(Documents, DescribeNamesThePlaces) {
  const auto data = byte_documents(12);
  const auto sweep = data->sweep(10);
  EXPECT_TRUE(contains(data->describe(*sweep, 0), "docs: line 1, "));
  EXPECT_TRUE(contains(data->describe(*sweep, 0), " and 2 more"));
}

TEST(Documents, UnseenLabelsAndForeignFormsAreRefused) {
  EXPECT_EQ(input_error([] {
              make_dataset(documents(5), bytes_encoding(9, {"0", "1"}), torch::kCPU);
            }),
            "docs: line 3: label \"2\" does not occur in the training data; did you mean \"0\"?");
}

TEST(Documents, ABatchOf32Times4000BytesTakesUnderFiveMilliseconds) {
  ExamplesBuilder builder;
  builder.begin_file("long");
  for (int i = 0; i < 64; ++i) {
    builder.add_document(std::string(4000, 'a'), i + 1);
    builder.add_label(std::to_string(i % 2));
  }
  const auto data = make_dataset(builder.finish(), bytes_encoding(4000, {"0", "1"}), torch::kCPU);
  StreamOptions options;
  options.threads = 0;
  const auto stream = data->train(options);
  double best = 1;
  for (int64_t step = 0; step < 20; ++step) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(stream->batch(step).tokens, 32 * 4000);
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  EXPECT_LT(best, 5e-3);
}

}  // namespace
}  // namespace regard::data
