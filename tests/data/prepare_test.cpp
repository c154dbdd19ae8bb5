#include "regard/data/prepare.hpp"

#include <gtest/gtest.h>

#include "data/helpers.hpp"
#include "regard/base/text.hpp"

namespace regard::data {
namespace {

std::string reviews(int64_t count, const std::string& tag) {
  std::string table = "label\ttext\n";
  for (int64_t i = 0; i < count; ++i) {
    table += (i % 4 == 0 ? "neg\tBad " : "pos\tgood ") + tag + std::to_string(i) + " film\n";
  }
  return table;
}

std::set<std::string> places_of(const Dataset& data) {
  std::set<std::string> places;
  for (int64_t i = 0; i < data.places().size(); ++i) places.insert(data.places().place(i));
  return places;
}

std::string all_sentences(const Prepared& prepared) { return join(prepared.sentences, "\n"); }

TEST(Prepare, TableWithHeldOutPart) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  spec.test = {folder.write("test.tsv", reviews(8, "t"))};
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.encoding.task->name(), "classification");
  EXPECT_EQ(p.encoding.tokenizer->name(), "icu_words");
  EXPECT_EQ(p.encoding.max_length, 3);
  EXPECT_EQ(p.encoding.classes, (std::vector<std::string>{"neg", "pos"}));
  EXPECT_EQ(p.train->size(), 36);
  EXPECT_EQ(p.valid->size(), 4);
  EXPECT_EQ(p.test->size(), 8);
  for (const auto& place : places_of(*p.valid)) EXPECT_EQ(places_of(*p.train).count(place), 0u);
  EXPECT_TRUE(
      contains(all_sentences(p),
               "4 of 40 training examples (10 % of each label, split_seed 0) are held out"));
  spec.split_seed = 1;
  EXPECT_NE(places_of(*prepare(spec, torch::kCPU).valid), places_of(*p.valid));
}

TEST(Prepare, WordsOfTheHeldOutPartAreUnknown) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  const auto p = prepare(spec, torch::kCPU);
  const auto valid = p.valid->sweep(10)->batch(0).inputs;
  EXPECT_TRUE((valid.select(1, 1) == 0).all().item<bool>());
  EXPECT_TRUE((p.train->sweep(100)->batch(0).inputs > 0).all().item<bool>());
}

TEST(Prepare, PartsAreTheSameBeforeAndAfterEncoding) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  spec.test = {folder.write("test.tsv", reviews(8, "t"))};
  const auto parts = read_parts(spec);
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(parts.train.size(), 36);
  EXPECT_EQ(parts.test.size(), 8);
  for (int64_t i = 0; i < parts.valid.size(); ++i)
    EXPECT_EQ(parts.valid.place(i), p.valid->places().place(i));
  EXPECT_TRUE(contains(parts.held_out, "4 of 40"));
}

TEST(Prepare, ManyUnknownTokensAreSaid) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  const auto said = all_sentences(prepare(spec, torch::kCPU));
  EXPECT_TRUE(contains(
      said, "warning: valid: 33.33 % of the tokens are unknown to the tokenizer \"icu_words\""));
  EXPECT_FALSE(contains(said, "warning: train"));
  spec.tokenizer.vocabulary = 2;
  EXPECT_TRUE(contains(all_sentences(prepare(spec, torch::kCPU)), "warning: train"));
  spec.tokenizer.tokenizer = "byte";
  EXPECT_FALSE(contains(all_sentences(prepare(spec, torch::kCPU)), "warning"));
}

TEST(Prepare, CutDocumentsAreSaid) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  spec.max_length = 2;
  EXPECT_TRUE(contains(all_sentences(prepare(spec, torch::kCPU)),
                       "train: 36 documents, 36 of them cut at max_length = 2 tokens"));
}

TEST(Prepare, PadToHoldsForEveryPartAndForNewInputs) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  spec.test = {folder.write("test.tsv", reviews(8, "t"))};
  spec.pad_to = 7;
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.encoding.max_length, 7);
  EXPECT_TRUE(contains(all_sentences(p), "at most 7, padded to 7"));
  const auto encoding = encoding_from_json(p.encoding.to_json());
  EXPECT_EQ(encoding.to_json(), p.encoding.to_json());
  auto wrong = p.encoding;
  wrong.pad_to = 8;
  EXPECT_EQ(input_error([&] { encoding_from_json(wrong.to_json()); }),
            "encoding: \"pad_to\" is a whole number from 1 to 7, and 8 came");
  const auto file = folder.write("new.tsv", "text\nfilm\na b c d e f g h i\n");
  const auto inputs = prepare_inputs({file}, spec, encoding, torch::kCPU);
  EXPECT_EQ(inputs->truncated(), 1);
  for (const auto& data : {p.train, p.valid, p.test, inputs})
    EXPECT_EQ(data->sweep(3)->batch(0).inputs.size(1), 7);
}

TEST(Prepare, PadToKeepsToThePlacesOfTheModel) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  spec.pad_to = 2;
  const auto error = [&] { return input_error([&] { prepare(spec, torch::kCPU); }); };
  EXPECT_TRUE(contains(error(), "at most pad_to = 2 tokens were expected, and 3 came"));
  spec.max_length = 2;
  EXPECT_EQ(prepare(spec, torch::kCPU).train->truncated(), 36);
  spec.pad_to = 3;
  EXPECT_EQ(error(), "pad_to of at most max_length = 2 was expected, and 3 came");
  spec.pad_to = -1;
  EXPECT_EQ(error(), "pad_to counts tokens, from 0; it is negative");
  spec.pad_to = 2;
  spec.train = {folder.write("book.txt", std::string(100, 'a'))};
  EXPECT_TRUE(contains(error(), "book.txt: pad_to pads documents with labels, and the windows"));
}

TEST(Prepare, TextIsALanguageModelWithItsLastPartHeldOut) {
  TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 90; ++i) text += "abc\xC3\xA4";
  text += std::string(50, 'Z');
  DataSpec spec;
  spec.train = {folder.write("book.txt.gz", packed({{"d", text}}, "raw", "gzip"))};
  spec.max_length = 10;
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.encoding.task->name(), "language_model");
  EXPECT_EQ(p.encoding.tokenizer->name(), "character");
  EXPECT_EQ(p.encoding.vocabulary, 5);
  EXPECT_EQ(p.train->size(), 360);
  EXPECT_EQ(p.valid->size(), 50);
  EXPECT_TRUE((p.valid->sweep(1)->batch(0).inputs == 4).all().item<bool>());
  EXPECT_TRUE(contains(all_sentences(p), "the last 10 % of the text (50 B) is held out"));
}

TEST(Prepare, WhatIsLeftOutOrGuessedIsSaidOfEveryPart) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("train.tsv", reviews(40, "w") + "pos\t\n")};
  spec.valid = {folder.write("valid.tsv", reviews(8, "v") + "pos\t\nneg\t\n")};
  spec.test = {folder.write("test.csv", "text;label\ngood;pos\n")};
  const auto p = prepare(spec, torch::kCPU);
  const auto all = all_sentences(p);
  EXPECT_TRUE(contains(all, "1 empty document is left out: " + spec.train[0] + ": line 42"));
  EXPECT_TRUE(contains(all, "2 empty documents are left out: " + spec.valid[0] + ": line 10"));
  EXPECT_TRUE(contains(all, spec.test[0] + ": its cells are separated by semicolons"));
  std::vector<std::string> sentences;
  prepare_inputs(spec.valid, spec, p.encoding, torch::kCPU, &sentences);
  EXPECT_EQ(sentences.size(), 1u);
  sentences.clear();
  prepare_evaluation(spec.valid, spec, p.encoding, torch::kCPU, &sentences);
  EXPECT_EQ(sentences.size(), 1u);
}

TEST(Prepare, TheTokenizerByteTakesAnyBytesOfATable) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("t.tsv", "text\tlabel\ncaf\xE9\tx\ntea\ty\n")};
  spec.valid = spec.train;
  EXPECT_TRUE(contains(input_error([&] { prepare(spec, torch::kCPU); }), "is no UTF-8"));
  spec.tokenizer.tokenizer = "byte";
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.train->sweep(2)->batch(0).inputs[1][3].item<int64_t>(), 0xE9);
  EXPECT_EQ(prepare_inputs(spec.train, spec, p.encoding, torch::kCPU)->size(), 2);
}

TEST(Prepare, NewDataOfATableMayHaveAnyName) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  const auto p = prepare(spec, torch::kCPU);
  const auto other = folder.write("new.dat", reviews(8, "w"));
  EXPECT_EQ(prepare_inputs({other}, spec, p.encoding, torch::kCPU)->size(), 8);
  EXPECT_EQ(prepare_evaluation({other}, spec, p.encoding, torch::kCPU)->size(), 8);
}

TEST(Prepare, TheSavedEncodingReadsNewInputs) {
  TemporaryFolder folder;
  DataSpec spec;
  spec.train = {
      folder.write("reviews.csv", "text,label\ngood one,pos\nbad one,neg\ngood,pos\nbad,neg\n")};
  spec.valid_fraction = 0.3;
  const auto p = prepare(spec, torch::kCPU);
  const auto encoding = encoding_from_json(p.encoding.to_json());
  EXPECT_EQ(encoding.to_json(), p.encoding.to_json());
  EXPECT_EQ(encoding.vocabulary, p.encoding.vocabulary);
  const auto file = folder.write("new.csv", "id,text\n1,bad good\n2,\"one, two\"\n");
  const auto inputs = prepare_inputs({file}, spec, encoding, torch::kCPU);
  EXPECT_EQ(inputs->size(), 2);
  EXPECT_EQ(inputs->places().place(1), file + ": line 3");
  EXPECT_FALSE(inputs->sweep(2)->batch(0).targets.defined());
  folder.write("d/a", "good");
  folder.write("d/b", "bad");
  EXPECT_EQ(prepare_inputs({folder / "d"}, spec, encoding, torch::kCPU)->size(), 2);
  EXPECT_EQ(prepare_evaluation(spec.train, spec, encoding, torch::kCPU)->size(), 4);
}

TEST(Prepare, ImageEncodingReadsBack) {
  ExamplesBuilder builder;
  builder.begin_file("i");
  for (const uint8_t value : {0, 100, 200})
    builder.add_image(std::vector<uint8_t>{value, 9}, {1, 2, 1}, 1);
  Encoding encoding;
  encoding.image.normalise = "standard";
  fit_images(encoding, builder.finish());
  EXPECT_EQ(encoding_from_json(encoding.to_json()).to_json(), encoding.to_json());
}

TEST(Prepare, EveryOptionHasItsOwnName) {
  DataSpec spec;
  std::set<std::string> names;
  for (const auto& field : fields([&](Visitor& f) { spec.visit(f); })) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_FALSE(field.doc.empty());
  }
  assign([&](Visitor& f) { spec.visit(f); }, {{"text", std::string("review")}}, "[data]");
  EXPECT_EQ(spec.reader.table.text, "review");
}

TEST(Prepare, Errors) {
  TemporaryFolder folder;
  const auto error = [](const DataSpec& spec) {
    return input_error([&] { prepare(spec, torch::kCPU); });
  };
  DataSpec spec;
  EXPECT_TRUE(contains(error(spec), "no training data is named"));
  spec.train = {folder / "none.tsv"};
  EXPECT_EQ(error(spec), (folder / "none.tsv") + ": no such file or directory");
  spec.train = {folder.write("one.tsv", "text\tlabel\na\tx\nb\tx\nc\tx\n")};
  spec.valid_fraction = 0.4;
  EXPECT_TRUE(contains(error(spec), "needs two labels, and every example is \"x\""));
  spec.train = {folder.write("reviews.tsv", reviews(40, "w"))};
  spec.valid = {folder.write("valid.tsv", "text\tlabel\ngood\tpos\nso so\tneutral\n")};
  EXPECT_TRUE(contains(error(spec), "valid.tsv: line 3: label \"neutral\" does not occur"));
  spec.train = {folder.write("t.txt", "some text")};
  spec.task = "classification";
  EXPECT_TRUE(contains(error(spec), "a classification needs labels"));
}

TEST(Prepare, TinyShakespeare) {
  const std::string path = REGARD_SOURCE_DIR "/../shared/data/lm/tinyshakespeare.txt";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  DataSpec spec;
  spec.train = {path};
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.encoding.vocabulary, 66);
  EXPECT_EQ(p.train->size(), 1003854);
  EXPECT_EQ(p.valid->size(), 111540);
}

TEST(Prepare, ImdbAsBytes) {
  const std::string root = REGARD_SOURCE_DIR "/../shared/data/docs/";
  if (!std::filesystem::exists(root + "imdb_train.tsv.xz")) GTEST_SKIP() << root << " is absent";
  DataSpec spec;
  spec.train = {root + "imdb_train.tsv.xz"};
  spec.test = {root + "imdb_test.tsv.xz"};
  spec.reader.table.text = "3";
  spec.reader.table.label = "1";
  spec.tokenizer.tokenizer = "byte";
  spec.max_length = 4000;
  const auto p = prepare(spec, torch::kCPU);
  EXPECT_EQ(p.train->size() + p.valid->size(), 25000);
  EXPECT_EQ(p.test->size(), 25000);
  EXPECT_EQ(p.encoding.classes, (std::vector<std::string>{"neg", "pos"}));
}

}  // namespace
}  // namespace regard::data
