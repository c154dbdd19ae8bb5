#include "regard/data/readers/tokenizer.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "readers/helpers.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/word_boundaries.hpp"

namespace regard::data {
namespace {

Examples documents(const std::vector<std::string>& texts) {
  ExamplesBuilder builder;
  for (const auto& text : texts) parse_text(text, "doc", builder);
  return builder.finish();
}

std::shared_ptr<const Tokenizer> make(const std::string& name,
                                      const std::vector<std::string>& texts,
                                      int64_t vocabulary = 20000) {
  TokenizerSpec spec;
  spec.tokenizer = name;
  spec.vocabulary = vocabulary;
  return make_tokenizer(spec, documents(texts));
}

std::vector<int32_t> encode(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<int32_t> ids;
  tokenizer.encode(text, ids);
  return ids;
}

TEST(Utf8, RoundTripsEveryLengthAndRefusesTheRest) {
  for (const int32_t code :
       {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF}) {
    std::string text;
    append_utf8(text, code);
    std::string_view view = text;
    EXPECT_EQ(take_code_point(view), code);
    EXPECT_TRUE(view.empty());
  }
  for (const std::string bad :
       {"\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xFF"}) {
    std::string_view view = bad;
    EXPECT_EQ(take_code_point(view), -1);
    EXPECT_EQ(view.size(), bad.size());
  }
  EXPECT_TRUE(is_utf8_prefix("ab\xE2\x82"));
  EXPECT_FALSE(is_utf8_prefix("ab\xE2\x41"));
  EXPECT_FALSE(is_utf8_prefix("\xFF"));
}

TEST(ByteTokenizer, TakesAnything) {
  const auto t = make("byte", {"x"});
  EXPECT_EQ(t->vocabulary(), 256);
  const std::string all("\0\xFFz", 3);
  EXPECT_EQ(encode(*t, all), (std::vector<int32_t>{0, 255, 122}));
  EXPECT_EQ(t->decode(encode(*t, all)), all);
  EXPECT_TRUE(contains(input_error([&] { t->decode(std::vector<int32_t>{256}); }),
                       "outside the vocabulary"));
}

TEST(CharacterTokenizer, KnowsTheTrainingCharacters) {
  const auto t = make("character", {"ba\xC3\xA4", "c"});
  EXPECT_EQ(t->vocabulary(), 5);
  EXPECT_EQ(encode(*t, "c\xC3\xA4?\xC3\xB6"), (std::vector<int32_t>{2, 3, 4, 4}));
  EXPECT_EQ(t->decode(encode(*t, "ab\xC3\xA4")), "ab\xC3\xA4");
  EXPECT_EQ(t->decode(std::vector<int32_t>{4}), "\xEF\xBF\xBD");
  EXPECT_EQ(input_error([&] {
              make("character", {"fine", "ab\xFF"});
            }),
            "doc: byte 3 is no UTF-8; the tokenizer \"byte\" takes any bytes");
}

TEST(WordTokenizer, KeepsTheMostFrequent) {
  const auto t = make("words", {"The cat the", "dog\tcat  THE zebra"}, 2);
  EXPECT_EQ(t->vocabulary(), 3);
  EXPECT_EQ(encode(*t, "cat the dog"), (std::vector<int32_t>{2, 1, 0}));
  EXPECT_EQ(t->decode(std::vector<int32_t>{2, 1, 0}), "cat the <unknown>");
  TokenizerSpec spec;
  spec.tokenizer = "words";
  spec.lower = false;
  const auto cased = make_tokenizer(spec, documents({"A a"}));
  EXPECT_EQ(cased->vocabulary(), 3);
}

std::vector<std::string> tokens_of(const std::string& text, bool lower = true) {
  std::vector<std::string> tokens;
  for_each_segment(text, lower ? Case::kFold : Case::kKeep,
                   [&](std::string_view token, Segment) { tokens.emplace_back(token); });
  return tokens;
}

TEST(Boundaries, PunctuationStandsApartAndBlanksAreLeftOut) {
  EXPECT_EQ(tokens_of("A film.  Don't\tmiss\r\n3.5 stars!"),
            (std::vector<std::string>{"a", "film", ".", "don't", "miss", "3.5", "stars", "!"}));
  EXPECT_EQ(tokens_of("Film", false), (std::vector<std::string>{"Film"}));
  EXPECT_TRUE(
      tokens_of(" \x01\xE2\x80\x8B ").empty());  // a control character, a space without width
}

TEST(Boundaries, OneTextHasOneFormHoweverItIsWritten) {
  EXPECT_EQ(tokens_of("cafe\xCC\x81 THE\xCC\x81"), tokens_of("caf\xC3\xA9 th\xC3\xA9"));
  EXPECT_EQ(tokens_of("cafe\xCC\x81", false), tokens_of("caf\xC3\xA9", false));
  EXPECT_EQ(tokens_of("\xEF\xAC\x81lm \xEF\xBC\xA1"),
            tokens_of("film a"));  // ligature, wide letter
}

TEST(Boundaries, ScriptsWithoutBlanksAreCut) {
  const auto chinese = tokens_of("这部电影很好看");
  EXPECT_GE(chinese.size(), 4u);
  EXPECT_NE(std::find(chinese.begin(), chinese.end(), "电影"), chinese.end());
  EXPECT_GE(tokens_of("ภาษาไทยง่าย").size(), 2u);
  EXPECT_TRUE(contains(input_error([] { tokens_of("ab\xFF"); }), "byte 3 is no UTF-8"));
}

TEST(Boundaries, TellsWordsFromMarks) {
  std::string words;
  for_each_segment("Good: 10 好!", Case::kFold, [&](std::string_view token, Segment kind) {
    if (kind == Segment::kWord) words += std::string(token) + "|";
  });
  EXPECT_EQ(words, "good|10|好|");
}

TEST(IcuWordTokenizer, KnowsAWordWhateverStandsBehindIt) {
  const auto t = make("icu_words", {"The film. the film?"});
  EXPECT_EQ(t->vocabulary(), 5);
  EXPECT_EQ(encode(*t, "THE film, film"), (std::vector<int32_t>{2, 1, 0, 1}));
  EXPECT_EQ(t->decode(std::vector<int32_t>{2, 1, 3}), "the film .");
  EXPECT_EQ(t->unknown(), 0);
  EXPECT_EQ(make("character", {"ab"})->unknown(), 2);
  EXPECT_EQ(make("byte", {"ab"})->unknown(), -1);
}

TEST(Tokenizer, JsonReadsBack) {
  for (const auto* name : {"byte", "character", "words", "icu_words"}) {
    const auto t = make(name, {"some text \xC3\xA4 of \"words\""});
    const auto back = tokenizer_from_json(t->to_json());
    EXPECT_EQ(back->name(), name);
    EXPECT_EQ(back->to_json(), t->to_json());
    EXPECT_EQ(encode(*back, "text of \xC3\xA4"), encode(*t, "text of \xC3\xA4"));
  }
}

TEST(Tokenizer, BadJsonIsAnInputError) {
  for (const auto* bad : {"", "{", "[]", "{}", "{\"name\":3}", "{\"name\":\"huh\"}",
                          "{\"name\":\"words\",\"words\":[1]}",
                          "{\"name\":\"words\",\"words\":[\"a\",\"a\"],\"lower\":true}",
                          "{\"name\":\"words\",\"words\":[\"\"],\"lower\":true}",
                          "{\"name\":\"icu_words\",\"words\":[\"a\",\"a\"],\"lower\":true}",
                          "{\"name\":\"character\",\"code_points\":[5,5]}",
                          "{\"name\":\"character\",\"code_points\":[1e300]}",
                          "{\"name\":\"character\",\"code_points\":[99999999999]}",
                          "{\"name\":\"character\",\"code_points\":[55296]}"}) {
    EXPECT_TRUE(contains(input_error([&] { tokenizer_from_json(bad); }), "tokenizer")) << bad;
  }
}

}  // namespace
}  // namespace regard::data
