#include <gtest/gtest.h>
#include <unicode/uchar.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "regard/base/philox.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/bert_words.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/tokenizer.hpp"
#include "tokenizers/helpers.hpp"
#include "tokenizers/wordpiece_numbers.hpp"

namespace regard::data {
namespace {

std::string vocabulary_text(const std::vector<std::string>& more = {}) {
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (const auto& piece : more) text += piece + "\n";
  return text;
}

std::shared_ptr<const Tokenizer> from_file(const std::string& path, bool lower = true) {
  TokenizerSpec spec;
  spec.tokenizer = "wordpiece";
  spec.vocabulary_file = path;
  spec.lower = lower;
  return make_tokenizer(spec, Examples());
}

std::vector<std::string> words_of(std::string_view text, Case letters = Case::kFold) {
  std::vector<std::string> words;
  for_each_bert_word(text, letters, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

using Strings = std::vector<std::string>;

TEST(BertWords, CleansFoldsAndSplits) {
  EXPECT_EQ(words_of("The Cat's\tmat,\r\nDON'T"),
            (Strings{"the", "cat", "'", "s", "mat", ",", "don", "'", "t"}));
  EXPECT_EQ(words_of("ΣΑΣ"), (Strings{"σασ"})) << "a character at a time: no final sigma";
  EXPECT_EQ(words_of("Çà et là"), (Strings{"ca", "et", "la"}));
  EXPECT_EQ(words_of("a\u0378b"), (Strings{"a\u0378b"})) << "an unassigned point stays";
  EXPECT_EQ(words_of(std::string("a\0b\xC2\xAD"
                                 "c\xEF\xBF\xBD"
                                 "d",
                                 10)),
            (Strings{"abcd"}));
  EXPECT_EQ(words_of("中文x"), (Strings{"中", "文", "x"}));
  EXPECT_EQ(words_of("\U0002B820\U0002B91F"), (Strings{"\U0002B820\U0002B91F"}));
  EXPECT_EQ(words_of("\U0002B920\U0002CEAF"), (Strings{"\U0002B920", "\U0002CEAF"}));
  EXPECT_EQ(words_of("a\u2019b\u20AC_c"), (Strings{"a", "\u2019", "b\u20AC", "_", "c"}));
  EXPECT_EQ(words_of("É ABC", Case::kKeep), (Strings{"É", "ABC"}));
  EXPECT_TRUE(words_of(" \u00A0\u3000\u2028").empty());
  EXPECT_EQ(input_error([] { words_of("ab\xFF"); }),
            "byte 3 is no UTF-8; the tokenizer \"byte\" takes any bytes");
}

TEST(WordPiece, TakesTheLongestPiecesFromTheFront) {
  const TemporaryFolder folder;
  const auto t = from_file(
      folder.write("vocab.txt", vocabulary_text({"un", "##aff", "##able", "unaff", "##a", "."})));
  EXPECT_EQ(encode(*t, "unaffable."), (std::vector<int32_t>{8, 7, 10}));
  EXPECT_EQ(t->decode(encode(*t, "unaffable.")), "unaffable .");
  EXPECT_EQ(encode(*t, "unb un"), (std::vector<int32_t>{1, 5})) << "a word is unknown as a whole";
  EXPECT_EQ(t->unknown(), 1);
  EXPECT_EQ(t->special(Special::kBegin), 2);
  EXPECT_EQ(t->special(Special::kMask), 4);
  // 100 characters fit, 101 are unknown; bytes do not count.
  std::string longest = "un";
  while (longest.size() < 100) longest += "a";
  EXPECT_EQ(encode(*t, longest).size(), 99u);
  EXPECT_EQ(encode(*t, longest + "a"), (std::vector<int32_t>{1}));
  const auto back = tokenizer_from_json(t->to_json());
  EXPECT_EQ(back->to_json(), t->to_json());
  EXPECT_EQ(encode(*back, "unaffable"), encode(*t, "unaffable"));
}

TEST(WordPiece, NoTextMakesASpecialPiece) {
  const TemporaryFolder folder;
  const auto t = from_file(
      folder.write("vocab.txt", vocabulary_text({"[", "]", "mask", "cls", "#", "##x", "x"})));
  EXPECT_EQ(encode(*t, "[MASK][CLS]"), (std::vector<int32_t>{5, 7, 6, 5, 8, 6}));
  EXPECT_EQ(encode(*t, "##x"), (std::vector<int32_t>{9, 9, 11}));
  const auto cased =
      from_file(folder.write("cased.txt", vocabulary_text({"[", "]", "MASK"})), false);
  EXPECT_EQ(encode(*cased, "[MASK]"), (std::vector<int32_t>{5, 7, 6}));
}

TEST(WordPiece, VocabulariesThatAreNoneAreRefused) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text) {
    return input_error([&] { from_file(folder.write("vocab.txt", text)); });
  };
  EXPECT_TRUE(contains(refused("[PAD]\na\n"),
                       "vocab.txt: a vocabulary of WordPiece with the piece "
                       "[UNK] was expected"));
  EXPECT_TRUE(contains(refused("[UNK]\na\na\n"), "piece 3 is \"a\""));
  EXPECT_TRUE(contains(refused("[UNK]\n\nb\n"), "piece 2 is \"\""));
  EXPECT_TRUE(contains(refused("[UNK]\na\xFF\n"), "line 2 is no UTF-8"));
  EXPECT_TRUE(contains(refused(""), "[UNK]"));
  EXPECT_NE(input_error([&] { from_file(folder / "none.txt"); }), "");
  for (const auto* bad : {R"({"name":"wordpiece","pieces":["a"],"lower":true})",
                          R"({"name":"wordpiece","pieces":[1],"lower":true})",
                          R"({"name":"wordpiece","lower":true})"}) {
    EXPECT_TRUE(contains(input_error([&] { tokenizer_from_json(bad); }), "tokenizer")) << bad;
  }
}

TEST(WordPiece, LearnsAVocabularyOfItsOwn) {
  TokenizerSpec spec;
  spec.tokenizer = "wordpiece";
  spec.vocabulary = 80;
  const auto training = documents({"The walking cat was talking, and the dog was walking.",
                                   "Talking cats; walking dogs! THE talking is the walking."});
  std::shared_ptr<const Tokenizer> t;
  try {
    t = make_tokenizer(spec, training);
  } catch (const InputError& error) {
    GTEST_SKIP() << error.what();
  }
  EXPECT_LE(t->vocabulary(), 80);
  EXPECT_EQ(make_tokenizer(spec, training)->to_json(), t->to_json());
  EXPECT_EQ(t->decode(encode(*t, "walking the cat")), "walking the cat");
  EXPECT_LT(encode(*t, "walking talking").size(), 5u);
  EXPECT_EQ(encode(*t, "dogcat tac"), encode(*t, "DOGCAT\ttac"));
  const auto ids = encode(*t, "gnit [MASK] nac");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), t->special(Special::kMask)), 0);
  spec.vocabulary = 20;
  EXPECT_TRUE(contains(input_error([&] { make_tokenizer(spec, training); }),
                       "two for each character of the text"));
}

// --- against the package `tokenizers` (tests/tokenizers/wordpiece_reference.py) ----------------

/// Points that Unicode 8 had assigned, without surrogates, and without six whose category has
/// changed since: tokenizers knows the categories of Unicode 8, ICU those of its own version.
std::vector<int32_t> points_of_unicode_8() {
  const std::set<int32_t> changed = {0x166D, 0x1734, 0x1885, 0x1886, 0xA9BD, 0x111C9};
  std::vector<int32_t> points;
  for (int32_t c = 1; c < 0x110000; ++c) {
    UVersionInfo age;
    u_charAge(c, age);
    const bool old = age[0] >= 1 && age[0] <= 8 && !(age[0] == 8 && age[1] > 0);
    if (old && (c < 0xD800 || c >= 0xE000) && changed.count(c) == 0) points.push_back(c);
  }
  return points;
}

Strings random_strings() {
  const auto points = points_of_unicode_8();
  Random random(2026, RandomStream::kTest);
  Strings all;
  for (int i = 0; i < 60000; ++i) {
    std::string text;
    const auto length = 1 + random.below(24);
    for (uint64_t j = 0; j < length; ++j) {
      const auto kind = random.below(4);  // half of them everyday characters
      const auto code = kind < 2   ? static_cast<int32_t>(32 + random.below(95))
                        : kind < 3 ? points[random.below(2000)]
                                   : points[random.below(points.size())];
      append_utf8(text, code);
    }
    all.push_back(text);
  }
  return all;
}

uint64_t hash_of(const Strings& words, uint64_t hash) {
  const auto add = [&](uint8_t byte) { hash = (hash ^ byte) * 1099511628211u; };  // FNV-1a
  for (const auto& word : words) {
    for (const char c : word) add(static_cast<uint8_t>(c));
    add(0xFF);  // in no UTF-8
  }
  add(0xFE);
  return hash;
}

TEST(BertWords, AreThoseOfTokenizersForRandomStrings) {
  const auto strings = random_strings();
  if (const char* path = std::getenv("REGARD_WRITE_STRINGS")) {
    std::ofstream(path) << nlohmann::json(strings).dump();
    GTEST_SKIP() << "the strings are written to " << path;
  }
  for (std::size_t block = 0; block < kBlockHashes.size(); ++block) {
    uint64_t hash = 1469598103934665603u;
    for (std::size_t i = block * 1000; i < (block + 1) * 1000; ++i) {
      hash = hash_of(words_of(strings[i]), hash);
    }
    EXPECT_EQ(hash, kBlockHashes[block]) << "strings from " << block * 1000;
  }
}

TEST(WordPiece, IdsAreThoseOfTokenizersOnHostileLines) {
  const TemporaryFolder folder;
  const auto t = from_file(folder.write("vocab.txt", kHostileVocabulary));
  for (const auto& [line, ids] : kHostileLines) EXPECT_EQ(encode(*t, line), ids) << line;
}

}  // namespace
}  // namespace regard::data
