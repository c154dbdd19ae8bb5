// Batches of pairs: what the encoder and the decoder read, and what is predicted.
#include <gtest/gtest.h>

#include <set>

#include "data/helpers.hpp"
#include "harness/message.hpp"
#include "regard/data/prepare.hpp"

namespace regard::data {
namespace {

Examples pairs(int64_t count) {
  ExamplesBuilder builder;
  builder.begin_file("made.en");
  for (int64_t i = 0; i < count; ++i) {
    const auto letter = static_cast<char>('a' + i % 26);
    builder.add_pair(std::string(static_cast<std::size_t>(1 + (i * 7) % 20), letter),
                     std::string(static_cast<std::size_t>(1 + (i * 5) % 17), letter), i + 1);
  }
  return builder.finish();
}

Encoding pair_encoding(int64_t max_length = 40) {
  auto encoding = bytes_encoding(max_length, {});
  encoding.task = &find_task("translation");
  encoding.pairs = true;
  set_ends(encoding);
  return encoding;
}

std::shared_ptr<const Dataset> dataset(int64_t count) {
  return make_dataset(pairs(count), pair_encoding(), torch::kCPU);
}

TEST(Sequences, EndsStandBehindTheVocabularyOfATokenizerWithoutThem) {
  const auto encoding = pair_encoding();
  EXPECT_EQ(encoding.begin, 256);
  EXPECT_EQ(encoding.end, 257);
  EXPECT_EQ(encoding.vocabulary, 258);
  const auto read = encoding_from_json(encoding.to_json());
  EXPECT_EQ(read.begin, 256);
  EXPECT_EQ(read.end, 257);
  EXPECT_EQ(read.vocabulary, 258);
}

TEST(Sequences, ABatchHoldsSourcesTargetsAndWhatFollows) {
  const auto data = dataset(40);
  const auto stream = data->train({.size = {.rows = 8}, .seed = 1, .threads = 0});
  const auto batch = stream->batch(0);
  const auto rows = stream->examples(0);
  const auto& inputs = batch.others.at("target.inputs");
  const auto& lengths = batch.others.at("target.lengths");
  EXPECT_EQ(batch.inputs.size(0), 8);
  EXPECT_EQ(batch.rows, static_cast<int64_t>(rows.size()));
  int64_t tokens = 0;
  for (int64_t b = 0; b < batch.rows; ++b) {
    const auto [source, target] = data->pair(rows[static_cast<std::size_t>(b)]);
    const auto s = static_cast<int64_t>(source.size()), t = static_cast<int64_t>(target.size());
    tokens += s + t + 2;
    EXPECT_EQ(batch.lengths[b].item<int64_t>(), s + 1);
    EXPECT_EQ(lengths[b].item<int64_t>(), t + 1);
    EXPECT_EQ(batch.inputs[b][0].item<int64_t>(), source[0]);
    EXPECT_EQ(batch.inputs[b][s].item<int64_t>(), 257);
    EXPECT_EQ(inputs[b][0].item<int64_t>(), 256);
    EXPECT_EQ(inputs[b][t].item<int64_t>(), target.back());
    EXPECT_EQ(batch.targets[b][0].item<int64_t>(), target[0]);
    EXPECT_EQ(batch.targets[b][t].item<int64_t>(), 257);
    if (t + 1 < batch.targets.size(1)) EXPECT_EQ(batch.targets[b][t + 1].item<int64_t>(), -1);
  }
  EXPECT_EQ(batch.tokens, tokens);
}

TEST(Sequences, AnEpochHasFewShapesAndEmptyRowsFillThemUp) {
  const auto data = dataset(300);
  const auto stream = data->train({.size = {.rows = 0, .tokens = 200}, .seed = 1, .threads = 0});
  std::set<std::vector<int64_t>> shapes;
  bool filled = false;
  int64_t seen = 0;
  for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
    const auto batch = stream->batch(step);
    shapes.insert({batch.inputs.size(0), batch.inputs.size(1), batch.targets.size(1)});
    EXPECT_LE(batch.inputs.numel() + batch.targets.numel(), 200);
    seen += batch.rows;
    for (int64_t b = batch.rows; b < batch.inputs.size(0); ++b) {
      filled = true;
      EXPECT_EQ(batch.lengths[b].item<int64_t>(), 0);
      EXPECT_EQ(batch.others.at("target.lengths")[b].item<int64_t>(), 0);
      EXPECT_TRUE((batch.targets[b] == -1).all().item<bool>());
    }
  }
  EXPECT_EQ(seen, 300);
  EXPECT_LE(shapes.size(), 16u);
  EXPECT_TRUE(filled);
}

TEST(Sequences, ASweepNamesItsExamples) {
  const auto data = dataset(50);
  const auto stream = data->sweep(16);
  std::set<int64_t> seen;
  for (int64_t step = 0; step < stream->steps_per_epoch(); ++step) {
    const auto batch = stream->batch(step);
    const auto rows = stream->examples(step);
    const auto numbers = batch.others.at(kExampleRows);
    ASSERT_EQ(numbers.size(0), static_cast<int64_t>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(numbers[static_cast<int64_t>(i)].item<int64_t>(), rows[i]);
      seen.insert(rows[i]);
    }
  }
  EXPECT_EQ(seen.size(), 50u);
}

TEST(Sequences, BatchesArePureInSeedAndStep) {
  expect_pure(*dataset(200), {.size = {.rows = 0, .tokens = 150}, .seed = 3, .threads = 2});
}

TEST(Sequences, ALineLongerThanThePlacesIsRefused) {
  EXPECT_EQ(
      harness::message([] { make_dataset(pairs(40), pair_encoding(20), torch::kCPU); }),
      "made.en: line 18: a source of at most max_length = 20 tokens with its end was expected, "
      "and one of 21 came");
}

}  // namespace
}  // namespace regard::data
