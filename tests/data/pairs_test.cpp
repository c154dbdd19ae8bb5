// Pairs of texts: from a table with two text columns to batches of twice the rows.
#include <gtest/gtest.h>

#include "data/helpers.hpp"
#include "regard/base/text.hpp"
#include "regard/data/prepare.hpp"

namespace regard::data {
namespace {

std::string table(int64_t rows) {
  std::string text;
  for (int64_t i = 0; i < rows; ++i) {
    text += std::to_string(i % 2) + "\tid" + std::to_string(i) + "\tid\t" +
            std::string(1 + i % 3, 'a') + "\t" + std::string(2 + i % 5, 'b') + "\n";
  }
  return text;
}

DataSpec spec_of(const std::string& path) {
  DataSpec spec;
  spec.train = {path};
  spec.reader.table.label = "1";
  spec.reader.table.text = "4";
  spec.reader.table.text2 = "5";
  spec.tokenizer.tokenizer = "byte";
  return spec;
}

TEST(Pairs, RowsOfABatchAreTheTwoTexts) {
  TemporaryFolder folder;
  const auto p = prepare(spec_of(folder.write("pairs.tsv", table(40))), torch::kCPU);
  EXPECT_TRUE(p.encoding.pairs);
  EXPECT_EQ(p.encoding.max_length, 6);  // of one text
  EXPECT_EQ(p.train->size(), 36);
  EXPECT_TRUE(contains(join(p.sentences, "\n"), "train: 36 pairs"));
  const auto stream = p.train->train({.size = {.rows = 5}, .seed = 3, .last = Last::kDrop});
  for (int64_t step = 0; step < 7; ++step) {
    const auto batch = stream->batch(step);
    const auto rows = stream->examples(step);
    EXPECT_EQ(batch.rows, 5);
    EXPECT_EQ(batch.inputs.size(0), 10);
    EXPECT_EQ(batch.targets.size(0), 5);
    EXPECT_EQ(batch.tokens, batch.lengths.sum().item<int64_t>());
    for (int64_t b = 0; b < 10; ++b) {
      const auto length = batch.lengths[b].item<int64_t>();
      const auto place = p.train->places().place(rows[static_cast<std::size_t>(b / 2)]);
      const auto line = std::stoll(place.substr(place.rfind(' ') + 1)) - 1;
      EXPECT_EQ(length, b % 2 == 0 ? 1 + line % 3 : 2 + line % 5);
      EXPECT_TRUE(
          (batch.inputs[b].slice(0, 0, length) == (b % 2 == 0 ? 'a' : 'b')).all().item<bool>());
      EXPECT_EQ(batch.targets[b / 2].item<int64_t>(), line % 2);
    }
  }
  expect_pure(*p.train, {.size = {.rows = 5}, .seed = 3});
}

TEST(Pairs, EachTextIsCut) {
  TemporaryFolder folder;
  auto spec = spec_of(folder.write("pairs.tsv", table(40)));
  spec.max_length = 4;
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.train->sweep(100)->batch(0).inputs.size(1), 4);
  EXPECT_GT(p.train->truncated(), 0);
}

TEST(Pairs, BothTextsArePaddedToOneLength) {
  TemporaryFolder folder;
  auto spec = spec_of(folder.write("pairs.tsv", table(40)));
  spec.pad_to = 9;
  const auto batch = prepare(spec, torch::kCPU).train->train({.size = {.rows = 5}})->batch(0);
  EXPECT_EQ(batch.inputs.sizes(), (std::vector<int64_t>{10, 9}));
}

TEST(Pairs, TheSavedEncodingReadsPairsAndNothingElse) {
  TemporaryFolder folder;
  const auto spec = spec_of(folder.write("pairs.tsv", table(40)));
  const auto p = prepare(spec, torch::kCPU);
  const auto encoding = encoding_from_json(p.encoding.to_json());
  EXPECT_TRUE(encoding.pairs);
  EXPECT_EQ(prepare_inputs({folder / "pairs.tsv"}, spec, encoding, torch::kCPU)
                ->sweep(4)
                ->batch(0)
                .inputs.size(0),
            8);
  const auto lines = folder.write("lines.txt", "one text only\n");
  EXPECT_TRUE(contains(input_error([&] {
                         DataSpec text;
                         prepare_inputs({lines}, text, encoding, torch::kCPU);
                       }),
                       "two texts with one tab between them were expected, and there are 0 tabs"));
}

TEST(Pairs, ByNameFromCsv) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("p.csv", "label,text,other\nx,\"a, b\",c\ny,d,e f\nx,g,h\ny,i,j\n")};
  spec.valid_fraction = 0.3;
  spec.reader.table.text2 = "other";
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.encoding.tokenizer->name(), "icu_words");
  EXPECT_EQ(p.train->size(), 2);
}

TEST(Pairs, ATabInsideATextDoesNotCutIt) {
  TemporaryFolder folder;
  const auto batch_of = [&](const std::string& second) {
    DataSpec spec;
    spec.train = {folder.write("p.csv", "label,text,other\nx,a,\"" + second + "\"\ny,d,e\n")};
    spec.valid = spec.train;
    spec.reader.table.text2 = "other";
    return prepare(spec, torch::kCPU).train->sweep(4)->batch(0);
  };
  EXPECT_TRUE(same(batch_of("b\tc"), batch_of("b c")));
  EXPECT_TRUE(same(batch_of("b\nc\t"), batch_of("b c")));
}

TEST(Pairs, Errors) {
  TemporaryFolder folder;
  const auto error = [&](const std::string& content, const char* text2) {
    auto spec = spec_of(folder.write("e.csv", content));
    spec.reader.table.text = "2";
    spec.reader.table.text2 = text2;
    return input_error([&] { prepare(spec, torch::kCPU); });
  };
  EXPECT_TRUE(contains(error("0,a,b\n1,c,d\n", "2"),
                       "text2 is the column \"2\", and text or label is the same"));
  EXPECT_TRUE(contains(error("0,a,b\n1,c,d\n", "9"), "column 9 was asked for (text2)"));
  EXPECT_TRUE(contains(error("0,a,b\n1,c,\n", "3"), "e.csv: line 2: a text of the pair is empty"));
  auto spec = spec_of(folder.write("pairs.tsv", table(40)));
  spec.task = "language_model";
  EXPECT_TRUE(contains(input_error([&] { prepare(spec, torch::kCPU); }),
                       "a language model reads one text"));
}

}  // namespace
}  // namespace regard::data
