// Byte order marks, named encodings, and the sentence about text that is no UTF-8.
#include "regard/data/readers/charset.hpp"

#include <gtest/gtest.h>

#include "readers/helpers.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

using namespace std::string_literals;

const std::string kText = "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80\nB";

// Text of the basic plane in UTF-16, `high` byte first or last.
std::string wide(std::string_view ascii, bool high_first) {
  std::string bytes;
  for (const char c : ascii) bytes += high_first ? "\0"s + c : c + "\0"s;
  return bytes;
}

std::string decode_error(const std::string& content, const std::string& encoding) {
  return input_error([&] { decode(content, "t.tsv", {encoding}); });
}

TEST(Charset, Utf8StaysAsItIsWithoutItsMark) {
  EXPECT_EQ(decode(kText, "t", {}).text, kText);
  EXPECT_EQ(decode("\xEF\xBB\xBF" + kText, "t", {}).text, kText);
  EXPECT_EQ(decode("\xEF\xBB\xBF" + kText, "t", {"utf-8"}).text, kText);
  EXPECT_EQ(decode(kText, "t", {}).from, "");
  EXPECT_EQ(decode("", "t", {}).text, "");
}

TEST(Charset, TheByteOrderMarkDecides) {
  const auto little = decode("\xFF\xFE" + wide("a\tb\n", false), "t.tsv", {});
  EXPECT_EQ(little.text, "a\tb\n");
  EXPECT_EQ(decoded_sentence(little, "t.tsv"),
            "t.tsv: the text is read as UTF-16LE, as its first bytes say");
  EXPECT_EQ(decode("\xFE\xFF" + wide("ab", true), "t", {}).text, "ab");
  EXPECT_EQ(decode("\xFF\xFE\0\0a\0\0\0"s, "t", {}).text, "a");
  EXPECT_EQ(decode("\xFF\xFE\x3D\xD8\x00\xDE"s, "t", {}).text, "\xF0\x9F\x98\x80")
      << "a surrogate pair";
  EXPECT_EQ(decode("\xFF\xFE" + wide("ab", false), "t", {"utf-16"}).text, "ab");
}

TEST(Charset, NamedEncodings) {
  EXPECT_EQ(decode("caf\xE9", "t", {"latin-1"}).text, "caf\xC3\xA9");
  EXPECT_EQ(decode("\x80 5", "t", {"windows-1252"}).text, "\xE2\x82\xAC 5");
  EXPECT_EQ(decode("\xC6\xFC\xCB\xDC", "t", {"euc-jp"}).text, "\xE6\x97\xA5\xE6\x9C\xAC");
  EXPECT_EQ(decode(wide("abc", false), "t", {"utf-16"}).text, "abc") << "the zeros tell the order";
  EXPECT_EQ(decode(wide("abc", true), "t", {"UTF16"}).text, "abc");
  EXPECT_EQ(decode("caf\xE9", "t", {"latin-1"}).guessed, false);
}

TEST(Charset, LongTextIsConvertedWhole) {
  const auto text = long_text();
  EXPECT_EQ(decode("\xFF\xFE" + wide(text, false), "t", {}).text, text);
  std::string umlauts(100001, '\xFC'), expected;
  for (int i = 0; i < 100001; ++i) expected += "\xC3\xBC";
  EXPECT_EQ(decode(umlauts, "t", {"latin-1"}).text, expected);
}

TEST(Charset, WhatIsNoUtf8NamesLineByteAndGuess) {
  const std::string french =
      "text\tlabel\nl'\xE9t\xE9 \xE0 la mer, les b\xE9n\xE9voles pr\xE9parent la f\xEAte\tpos\n";
  const auto sentence = decode_error(french, "auto");
  EXPECT_TRUE(sentence.starts_with(
      "t.tsv: line 2: the byte 0xE9 is no UTF-8; ICU takes the text for ISO-8859-1 "
      "(--encoding ISO-8859-1 reads it so)"))
      << sentence;
  EXPECT_TRUE(
      contains(decode_error(wide("text\tlabel\n", false), "auto"),
               "looks like UTF-16LE without a byte order mark (--encoding UTF-16LE reads it so)"));
  EXPECT_EQ(decode("caf\xE9", "t", {"auto", Unmarked::kAnyBytes}).text, "caf\xE9");
}

TEST(Charset, BytesThatTheEncodingDoesNotHave) {
  EXPECT_EQ(decode_error("ab\ncd\xFF", "utf-8"),
            "t.tsv: line 2: the bytes from byte 6 of the file on are no utf-8");
  EXPECT_TRUE(contains(decode_error("\xFF\xFE" + wide("ab\nc", false) + "\x3D\xD8", "auto"),
                       "t.tsv: line 2: the bytes from byte 11"));
  EXPECT_TRUE(contains(decode_error("\xFF\xFE" + "a\0b"s, "auto"), "are no UTF-16LE"))
      << "half a character";
  EXPECT_EQ(
      decode_error("a", "latin-l"),
      "encoding = \"latin-l\": an encoding that ICU knows was expected; did you mean \"latin-1\"?");
  EXPECT_TRUE(contains(decode_error("a", "no such thing at all"), "such as utf-8, utf-16"));
  EXPECT_TRUE(contains(decode_error("a", ""), "an encoding that ICU knows was expected"));
}

TEST(Charset, ReadableKeepsUtf8AndShowsOtherBytes) {
  EXPECT_EQ(readable(kText), kText);
  EXPECT_EQ(readable("caf\xE9/\xFF"), "caf\\xE9/\\xFF");
}

}  // namespace
}  // namespace regard::data
