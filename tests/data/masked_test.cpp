// Rows for a masked language model: masks, places, frames; and folders as documents.
#include <gtest/gtest.h>

#include "data/helpers.hpp"
#include "regard/base/text.hpp"
#include "regard/data/prepare.hpp"

namespace regard::data {
namespace {

std::string vocabulary() {
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (char c = 'a'; c <= 'z'; ++c) text += std::string(1, c) + "\n";
  return text;
}

std::string document(int64_t words, int64_t from) {
  std::string text;
  for (int64_t i = 0; i < words; ++i)
    text += std::string(1, static_cast<char>('a' + (from + i) % 26)) + " ";
  return text;
}

/// 40 files in two folders, 20 to 59 tokens each.
DataSpec folder_of_texts(const TemporaryFolder& folder) {
  DataSpec spec;
  for (int64_t i = 0; i < 40; ++i) {
    folder.write("texts/" + std::string(i % 2 == 0 ? "a" : "b") + "/" + std::to_string(i) + ".txt",
                 document(20 + i, i));
  }
  spec.train = {folder / "texts"};
  spec.task = "masked_language_model";
  spec.tokenizer.vocabulary_file = folder.write("vocab.txt", vocabulary());
  spec.max_length = 22;
  return spec;
}

TEST(Masked, AFolderIsReadAsDocumentsAndTheOutputSaysSo) {
  const TemporaryFolder folder;
  auto spec = folder_of_texts(folder);
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.encoding.task->name(), "masked_language_model");
  EXPECT_EQ(p.encoding.tokenizer->name(), "wordpiece");
  EXPECT_TRUE(p.encoding.framed);
  const auto said = join(p.sentences, "\n");
  EXPECT_TRUE(contains(said,
                       "texts: its 40 files are read as documents without labels, since the "
                       "task is masked_language_model"));
  EXPECT_TRUE(contains(said, "4 of 40 documents (10 %, split_seed 0) are held out"));
  spec.task = "language_model";
  spec.tokenizer = {};
  EXPECT_TRUE(contains(join(prepare(spec, torch::kCPU).sentences, "\n"),
                       "since the task is language_model"));
  spec.task = "auto";
  EXPECT_EQ(prepare(spec, torch::kCPU).encoding.task->name(), "classification");
}

TEST(Masked, EveryRowHasAFrameAndAsManyPlaces) {
  const TemporaryFolder folder;
  const auto p = prepare(folder_of_texts(folder), torch::kCPU);
  const auto stream = p.train->train({.size = {8}, .seed = 4});
  int64_t masks = 0, kept = 0, other = 0;
  for (int64_t step = 0; step < 200; ++step) {
    const auto batch = stream->batch(step);
    const auto& places = batch.others.at(nn::kPlaces);
    ASSERT_EQ(batch.inputs.sizes(), (std::vector<int64_t>{8, 22}));
    ASSERT_EQ(places.sizes(), (std::vector<int64_t>{8, 3}));  // round(0.15 * 20)
    ASSERT_EQ(batch.targets.sizes(), places.sizes());
    EXPECT_TRUE((batch.inputs.select(1, 0) == 2).all().item<bool>());
    EXPECT_TRUE((batch.inputs.select(1, 21) == 3).all().item<bool>());
    EXPECT_TRUE((batch.targets >= 5).all().item<bool>()) << "no special piece is asked for";
    EXPECT_TRUE((places.slice(1, 1) > places.slice(1, 0, -1)).all().item<bool>());
    const auto seen = batch.inputs.gather(1, places);
    masks += (seen == 4).sum().item<int64_t>();
    kept += (seen == batch.targets).sum().item<int64_t>();
    other += ((seen != 4) & (seen != batch.targets)).sum().item<int64_t>();
    EXPECT_TRUE(((seen == 4) | (seen >= 5)).all().item<bool>());
    EXPECT_EQ((batch.inputs == 4).sum().item<int64_t>(), (seen == 4).sum().item<int64_t>());
  }
  const double all = 200 * 8 * 3;
  EXPECT_NEAR(static_cast<double>(masks) / all, 0.8, 0.02);
  EXPECT_NEAR(static_cast<double>(kept) / all, 0.1 + 0.1 / 26, 0.015);
  EXPECT_NEAR(static_cast<double>(other) / all, 0.1, 0.015);
}

TEST(Masked, RestoredRowsAreTheDocuments) {
  const TemporaryFolder folder;
  const auto p = prepare(folder_of_texts(folder), torch::kCPU);
  const auto restored = [&](const nn::Batch& batch) {
    return batch.inputs.scatter(1, batch.others.at(nn::kPlaces), batch.targets);
  };
  // Every letter follows the one before it, but behind a separator.
  const auto sweep = p.valid->sweep(3);
  int64_t rows = 0;
  for (int64_t step = 0; step < sweep->steps_per_epoch(); ++step) {
    const auto x = restored(sweep->batch(step));
    rows += x.size(0);
    const auto a = x.slice(1, 1, -2), b = x.slice(1, 2, -1);
    const auto follows = ((b - a - 1).remainder(26) == 0) | (a == 3) | (b == 3);
    EXPECT_TRUE(follows.all().item<bool>());
  }
  EXPECT_EQ(rows, (p.valid->size() + 19) / 20);
  const auto one = p.valid->sweep(1);
  EXPECT_TRUE(torch::equal(one->batch(0).inputs[0], sweep->batch(0).inputs[0]))
      << "masks of an evaluation do not depend on its batches";
}

TEST(Masked, BatchesArePureInSeedAndStep) {
  const TemporaryFolder folder;
  const auto p = prepare(folder_of_texts(folder), torch::kCPU);
  expect_pure(*p.train, {.size = {4}, .seed = 7});
  const auto a = p.train->train({.size = {4}, .seed = 7}),
             b = p.train->train({.size = {4}, .seed = 7});
  EXPECT_TRUE(torch::equal(a->batch(3).others.at(nn::kPlaces), b->batch(3).others.at(nn::kPlaces)));
}

TEST(Masked, WhatItNeedsIsAskedBeforeWorkStarts) {
  const TemporaryFolder folder;
  auto spec = folder_of_texts(folder);
  const auto refused = [&] { return input_error([&] { prepare(spec, torch::kCPU); }); };
  spec.max_length = 3;
  EXPECT_TRUE(contains(refused(), "max_length of at least 4 was expected"));
  spec.max_length = 100000;
  EXPECT_TRUE(contains(refused(), "rows of max_length = 100000 need at least 99998"));
  spec.max_length = 22;
  spec.tokenizer.vocabulary_file = folder.write("bare.txt", "[UNK]\na\n[CLS]\n[SEP]\n");
  EXPECT_TRUE(contains(refused(),
                       "bare.txt: a masked language model needs the pieces [CLS], [SEP] "
                       "and [MASK]"));
  spec.tokenizer.vocabulary_file = folder.write("none.txt", "a\nb\n");
  EXPECT_TRUE(contains(refused(), "none.txt: a vocabulary of WordPiece with the piece [UNK]"));
  spec.tokenizer.tokenizer = "byte";
  EXPECT_TRUE(contains(refused(), "vocabulary_file is one of wordpiece"));
  spec.tokenizer.vocabulary_file.clear();
  EXPECT_TRUE(contains(refused(), "needs wordpiece or sentencepiece, and byte came"));
}

TEST(Framed, DocumentsStandBetweenBeginAndEnd) {
  const TemporaryFolder folder;
  const auto base = prepare(folder_of_texts(folder), torch::kCPU);
  DataSpec spec;
  std::string table = "text\tlabel\n";
  for (int i = 0; i < 20; ++i) table += document(2 + i, i) + "\t" + (i % 2 == 0 ? "x" : "y") + "\n";
  spec.train = {folder.write("t.tsv", table)};
  const auto p = prepare(spec, torch::kCPU, {base.encoding.tokenizer, 12, true});
  EXPECT_EQ(p.encoding.max_length, 12);
  EXPECT_TRUE(p.encoding.framed);
  EXPECT_EQ(encoding_from_json(p.encoding.to_json()).to_json(), p.encoding.to_json());
  const auto stream = p.train->sweep(100);
  const auto batch = stream->batch(0);
  EXPECT_TRUE((batch.inputs.select(1, 0) == 2).all().item<bool>());
  for (int64_t b = 0; b < batch.inputs.size(0); ++b) {
    const auto length = batch.lengths[b].item<int64_t>();
    EXPECT_EQ(batch.inputs[b][length - 1].item<int64_t>(), 3);
    EXPECT_LE(length, 12);
  }
  EXPECT_GT(p.train->truncated(), 0);
}

}  // namespace
}  // namespace regard::data
