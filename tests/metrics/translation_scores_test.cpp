// Scores against those of sacrebleu 2.6.0 (BLEU(), CHRF(), CHRF(word_order=2) with one reference).
#include <gtest/gtest.h>

#include "regard/metrics/translation_scores.hpp"

namespace regard::metrics {
namespace {

struct Line {
  const char *translation, *reference;
  double bleu, chrf, chrf_plus_plus;
};

// Punctuation at numbers, entities, white space of Unicode, empty sides, characters of several
// bytes.
const Line kLines[] = {
    {"The cat sat on the mat.", "The cat sat on a mat.", 48.892302243490086, 71.42247563033848,
     72.65910428863748},
    {"Ein Mann, 3.5 m hoch, läuft -- 12-mal!", "Ein Mann (3,5 m hoch) läuft 12-mal.",
     17.474335703431752, 52.33304972049426, 49.139078724160846},
    {"", "nothing was said", 0.0, 0.0, 0.0},
    {"something was said", "", 0.0, 0.0, 0.0},
    {"", "", 0.0, 0.0, 0.0},
    {"a", "a", 0.0, 100.0, 100.0},
    {"   spaces\t and tabs  ", "spaces and tabs", 0.0, 100.0, 100.0},
    {"&quot;quoted&quot; &amp;amp; &lt;b&gt; <skipped>x", "\"quoted\" &amp; <b> x",
     52.53819788848316, 32.81977483880515, 26.701922885008823},
    {"no\xc2\xa0"
     "break\xe2\x80\x89"
     "thin\xe3\x80\x80"
     "wide",
     "no break thin wide", 100.00000000000004, 100.0, 100.0},
    {"日本語のテキスト。、テスト", "日本語 の テキスト 。テスト", 0.0, 74.64165932525344,
     63.97856513593152},
    {"...,,,---123-456.789,0", "... ,,, --- 123-456 . 789 , 0", 35.026130684931424, 100.0,
     77.106940509915},
    {"(hi) 'quoted' don't end.)", "(hi) ‘quoted’ don't end .)", 50.000000000000014,
     63.24912846584672, 56.66303682557553},
    {"x x x x x x x", "x x", 13.134549472120788, 59.375, 59.375},
    {"\x1c"
     "file\x1f"
     "sep\xc2\x85"
     "next",
     "file sep next", 0.0, 100.0, 100.0},
    {"é combining 👩‍👩‍👧 emoji", "é combining 👩‍👩‍👧 emoji",
     59.460355750136046, 93.15662989095895, 87.58309369535017},
};

TEST(TranslationScores, AreThoseOfSacrebleuForEachLine) {
  for (const auto& line : kLines) {
    SCOPED_TRACE(line.translation);
    TranslationCounts counts;
    counts.add(line.translation, line.reference);
    const auto scores = counts.scores();
    EXPECT_NEAR(scores.bleu, line.bleu, 1e-9);
    EXPECT_NEAR(scores.chrf, line.chrf, 1e-9);
    EXPECT_NEAR(scores.chrf_plus_plus, line.chrf_plus_plus, 1e-9);
  }
}

TEST(TranslationScores, AreThoseOfSacrebleuForAllLinesTogether) {
  TranslationCounts counts;
  for (const auto& line : kLines) counts.add(line.translation, line.reference);
  const auto scores = counts.scores();
  EXPECT_NEAR(scores.bleu, 42.605730444158965, 1e-9);
  EXPECT_NEAR(scores.chrf, 69.6399543299597, 1e-9);
  EXPECT_NEAR(scores.chrf_plus_plus, 63.0107433390746, 1e-9);
}

TEST(TranslationScores, IntervalsHoldTheScoreAndNarrowWithLines) {
  TranslationCounts few, many;
  for (int copy = 0; copy < 40; ++copy) {
    for (const auto& line : kLines) {
      if (copy < 4) few.add(line.translation, line.reference);
      many.add(line.translation, line.reference);
    }
  }
  const auto wide = few.intervals(200).bleu, narrow = many.intervals(200).bleu;
  EXPECT_NEAR(wide.value, narrow.value, 1e-9);
  EXPECT_LT(wide.low, wide.value);
  EXPECT_GT(wide.high, wide.value);
  EXPECT_LT(narrow.high - narrow.low, 0.6 * (wide.high - wide.low));
  EXPECT_EQ(few.intervals(200).bleu.low, wide.low);
}

TEST(TranslationScores, TokensAreThoseOfMteval) {
  EXPECT_EQ(tokenize_13a("Ein Mann, 3.5 m hoch, läuft -- 12-mal!"),
            "Ein Mann , 3.5 m hoch , läuft -- 12 - mal !");
  EXPECT_EQ(tokenize_13a("...,,,---123-456.789,0"), ". . . , , , ---123 - 456.789,0");
  EXPECT_EQ(tokenize_13a("&quot;quoted&quot; &amp;lt; <skipped>x"), "\" quoted \" < x");
}

TEST(TranslationScores, BytesThatAreNoTextAreCharactersOfTheirOwn) {
  TranslationCounts counts;
  counts.add("\xff\xfe one two three", "\xff\xfe one two three");
  EXPECT_NEAR(counts.scores().bleu, 100, 1e-9);
  EXPECT_NEAR(counts.scores().chrf, 100, 1e-9);
}

}  // namespace
}  // namespace regard::metrics
