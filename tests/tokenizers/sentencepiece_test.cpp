#include <gtest/gtest.h>

#include "regard/base/utf8.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/tokenizer.hpp"
#include "tokenizers/helpers.hpp"

namespace regard::data {
namespace {

TokenizerSpec spec_of(const std::string& subwords, int64_t vocabulary = 400) {
  TokenizerSpec spec;
  spec.tokenizer = "sentencepiece";
  spec.subwords = subwords;
  spec.vocabulary = vocabulary;
  return spec;
}

const std::vector<std::string> kTexts = {
    "the cat sat on the mat\nthe dog sat on the cat\n\n  the end",
    "a talking cat was walking\tand the dog was talking, walking and barking"};

class SentencePieceTest : public testing::TestWithParam<const char*> {
  void SetUp() override {
    try {
      make_tokenizer(spec_of("bpe"), documents(kTexts));
    } catch (const InputError& error) {
      GTEST_SKIP() << error.what();
    }
  }
};

TEST_P(SentencePieceTest, EveryTextComesBackAsItWas) {
  const auto t = make_tokenizer(spec_of(GetParam()), documents(kTexts));
  std::string all;
  for (int32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 977) {
    if ((code < 0xD800 || code >= 0xE000) && code != 0x2581) append_utf8(all, code);
  }
  for (const std::string& text :
       {kTexts[0], kTexts[1], all, std::string(""), std::string("\n"), std::string("  \n\n x \r\n"),
        std::string("a\0b", 3), std::string(9000, 'x'), std::string("<s></s><pad><mask><0x41>")}) {
    EXPECT_EQ(t->decode(encode(*t, text)), text);
  }
  EXPECT_LT(encode(*t, "talking").size(), 4u) << "frequent words are few pieces";
}

TEST_P(SentencePieceTest, SpecialPiecesHaveIdsThatNoTextGets) {
  // A text full of their names must not teach them either.
  std::vector<std::string> texts(50, "<s> x<mask>y <mask> </s> <pad><pad> <unk>z <0x41> <0x41>\n");
  texts.push_back("and other words");
  const auto t = make_tokenizer(spec_of(GetParam()), documents(texts));
  const auto ids = encode(*t, texts[0]);
  EXPECT_EQ(t->decode(ids), texts[0]);
  for (const auto piece :
       {Special::kPadding, Special::kUnknown, Special::kBegin, Special::kEnd, Special::kMask}) {
    EXPECT_EQ(t->special(piece), static_cast<int32_t>(piece));
    EXPECT_EQ(std::count(ids.begin(), ids.end(), t->special(piece)), 0);
  }
  EXPECT_EQ(t->decode(std::vector<int32_t>{2, 3, 4}), "");
}

TEST_P(SentencePieceTest, TrainsTheSameModelAgainAndFromPartsTogether) {
  const auto spec = spec_of(GetParam());
  const auto whole = documents(kTexts), one = documents({kTexts[0]}), two = documents({kTexts[1]});
  const auto t = make_tokenizer(spec, whole);
  EXPECT_EQ(make_tokenizer(spec, whole)->to_json(), t->to_json());
  const std::vector<const Examples*> parts = {&one, &two};
  EXPECT_EQ(make_tokenizer(spec, parts)->to_json(), t->to_json());
  const auto back = tokenizer_from_json(t->to_json());
  EXPECT_EQ(back->to_json(), t->to_json());
  EXPECT_EQ(encode(*back, "the mat of a dog"), encode(*t, "the mat of a dog"));
}

TEST_P(SentencePieceTest, BadInputIsOneSentence) {
  const auto kind = std::string(GetParam());
  for (const int64_t size : {-1, 0, 261, 1'000'001}) {
    EXPECT_TRUE(
        contains(input_error([&] { make_tokenizer(spec_of(kind, size), documents(kTexts)); }),
                 "vocabulary of sentencepiece counts pieces, from 262"));
  }
  EXPECT_TRUE(contains(input_error([&] { make_tokenizer(spec_of(kind, 265), documents(kTexts)); }),
                       "SentencePiece cannot learn from this text"));
  EXPECT_TRUE(contains(input_error([&] { make_tokenizer(spec_of(kind), documents({"a\xFF"})); }),
                       "doc: byte 2 is no UTF-8"));
  EXPECT_TRUE(contains(input_error([&] { make_tokenizer(spec_of(kind), Examples()); }), "none"));
  const auto t = make_tokenizer(spec_of(kind), documents(kTexts));
  EXPECT_TRUE(contains(input_error([&] { t->decode(std::vector<int32_t>{99999}); }), "outside"));
  for (const auto* bad : {"", "zz", "00", "0a"}) {
    const auto json = std::string(R"({"name":"sentencepiece","model":")") + bad + "\"}";
    EXPECT_TRUE(contains(input_error([&] { tokenizer_from_json(json); }), "tokenizer: ")) << bad;
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SentencePieceTest, testing::Values("bpe", "unigram"));

}  // namespace
}  // namespace regard::data
