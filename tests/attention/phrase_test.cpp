// The grammar of phrases, their canonical form, and every sentence that a mistake gives.
#include "regard/attention/phrase.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/message.hpp"

namespace regard::attention {
namespace {

std::string canonical(const std::string& text) { return parse_phrase(text).canonical; }
std::string error(const std::string& text) {
  return harness::message([&] { parse_phrase(text); });
}

TEST(Phrase, NamesOfAnyOrderWithDefaultsForTheRest) {
  const auto phrase = parse_phrase(" hrr( scale = time ) + window(width=64) ");
  EXPECT_EQ(phrase.projection_name, "separate");
  EXPECT_EQ(phrase.graph_name, "window");
  EXPECT_EQ(phrase.fold_name, "hrr");
  EXPECT_EQ(phrase.canonical, "window(width=64)+hrr(scale=time)");
}

TEST(Phrase, CanonicalFormLeavesOutDefaultsAndOrdersOptions) {
  EXPECT_EQ(canonical("softmax"), "softmax");
  EXPECT_EQ(canonical("separate+full+softmax"), "softmax");
  EXPECT_EQ(canonical("full"), "softmax");
  EXPECT_EQ(canonical("causal"), "causal");
  EXPECT_EQ(canonical("causal + softmax"), "causal");
  EXPECT_EQ(canonical("window"), "window");
  EXPECT_EQ(canonical("window(width=256)"), "window");
  EXPECT_EQ(canonical("window(global=2, width=8)"), "window(width=8,global=2)");
  EXPECT_EQ(canonical("window(left=4,right=4)"), "window(width=5)");
  EXPECT_EQ(canonical("window(left=4)"), "window(left=4,right=0)");
  EXPECT_EQ(canonical("hrr()"), "hrr");
  EXPECT_EQ(canonical("hrr(pads=out,unbind=conj)"), "hrr");
  EXPECT_EQ(canonical("hrr(scale=time,unbind=exact)"), "hrr(unbind=exact,scale=time)");
}

TEST(Phrase, PaperModeIsAShortNameForThreeOptions) {
  EXPECT_EQ(canonical("hrr(mode=paper)"), "hrr(pads=in)");
  EXPECT_EQ(canonical("hrr(mode=paper)"), canonical("hrr(unbind=conj,pads=in,scale=none)"));
}

TEST(Phrase, CanonicalFormReadsBackAsItself) {
  for (const char* text :
       {"softmax", "window(left=3,right=1,global=2)+hrr(unbind=unit)", "causal+linear",
        "window(width=9)+mean", "off", "hrr(mode=paper)", "window(right=7)", "window(left=-1)"}) {
    const auto once = canonical(text);
    EXPECT_EQ(canonical(once), once);
  }
}

TEST(Phrase, CausalMeaningIsOneForPhrasesThatACausalCallMakesEqual) {
  const auto meaning = [](const std::string& text) { return parse_phrase(text).causal_meaning; };
  EXPECT_EQ(meaning("causal"), meaning("softmax"));
  EXPECT_EQ(meaning("causal+hrr"), meaning("hrr"));
  EXPECT_EQ(meaning("window(width=5)"), meaning("window(left=4,right=9)"));
  EXPECT_EQ(meaning("window(left=4)"), meaning("window(width=5)"));
  EXPECT_NE(meaning("window(width=5)"), meaning("window(width=6)"));
  EXPECT_NE(meaning("window(width=5,global=1)"), meaning("window(width=5)"));
  EXPECT_NE(meaning("softmax"), meaning("linear"));
}

TEST(Phrase, MistakesInNames) {
  EXPECT_EQ(error("sotfmax"),
            "phrase \"sotfmax\": unknown name \"sotfmax\"; did you mean \"softmax\"?");
  EXPECT_EQ(error("windw(width=3)+hrr"),
            "phrase \"windw(width=3)+hrr\": unknown name \"windw\"; did you mean \"window\"?");
  EXPECT_EQ(error("banana").substr(0, 47), "phrase \"banana\": unknown name \"banana\"; known: ");
  EXPECT_EQ(error("softmax+hrr"),
            "phrase \"softmax+hrr\": one fold was expected, and \"softmax\" and \"hrr\" came");
  EXPECT_EQ(error("full+causal"),
            "phrase \"full+causal\": one graph was expected, and \"full\" and \"causal\" came");
  EXPECT_EQ(error("hrr+hrr"),
            "phrase \"hrr+hrr\": one fold was expected, and \"hrr\" and \"hrr\" came");
  EXPECT_EQ(error(""), "phrase \"\": a name was expected before the end");
  EXPECT_EQ(error("softmax+"), "phrase \"softmax+\": a name was expected before the end");
  EXPECT_EQ(error("(width=3)"), "phrase \"(width=3)\": a name was expected before \"(width=3)\"");
}

TEST(Phrase, MistakesInOptions) {
  EXPECT_EQ(error("window(widt=3)"),
            "phrase \"window(widt=3)\", window: unknown option \"widt\"; did you mean \"width\"?");
  EXPECT_EQ(
      error("window(width=wide)"),
      "phrase \"window(width=wide)\", window: option \"width\" is a whole number, and a word wide "
      "came");
  EXPECT_EQ(
      error("window(width=2.5)"),
      "phrase \"window(width=2.5)\", window: option \"width\" is a whole number, and a number 2.5 "
      "came");
  EXPECT_EQ(error("hrr(unbind=maybe)"),
            "phrase \"hrr(unbind=maybe)\", hrr: option \"unbind\" is one of conj, exact, unit, and "
            "\"maybe\" came");
  EXPECT_EQ(error("hrr(scale=3)"),
            "phrase \"hrr(scale=3)\", hrr: option \"scale\" is a word, and a whole number 3 came");
  EXPECT_EQ(
      error("window(width)"),
      "phrase \"window(width)\": option key=value was expected in \"window(...)\", and \"width\" "
      "came");
  EXPECT_EQ(error("window(width=3,width=4)"),
            "phrase \"window(width=3,width=4)\": option \"width\" came twice");
  EXPECT_EQ(error("softmax(width=3)"),
            "phrase \"softmax(width=3)\", softmax: unknown option \"width\"; there is none to "
            "choose from");
}

TEST(Phrase, BracketsThatDoNotMatch) {
  EXPECT_EQ(error("window(width=3"),
            "phrase \"window(width=3\": the bracket of \"window\" is not closed by \")\"");
  EXPECT_EQ(error("window(width=3)x"),
            "phrase \"window(width=3)x\": the bracket of \"window\" is not closed by \")\"");
  EXPECT_NE(error("window(width=3))"), "no InputError");
  EXPECT_NE(error("window)"), "no InputError");
}

TEST(Phrase, MeaninglessInACausalCall) {
  const auto paper = parse_phrase("hrr(pads=in)");
  check_meaning(paper, false);
  EXPECT_EQ(
      harness::message([&] { check_meaning(paper, true); }),
      "phrase \"hrr(pads=in)\": hrr with pads=in sums over the whole padded sequence, which only "
      "the full graph has");
}

TEST(Phrase, EveryEntryHasOneNameAndSaysWhatItIs) {
  std::set<std::string> names;
  const auto look = [&](const auto& entries) {
    for (const auto& entry : entries) {
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
      const auto object = entry.make();
      EXPECT_FALSE(object->summary().empty()) << entry.name;
      EXPECT_FALSE(object->equation().empty()) << entry.name;
      EXPECT_NO_THROW(parse_phrase(entry.name));
      for (const auto& field : fields([&](Visitor& f) { object->visit(f); }))
        EXPECT_FALSE(field.doc.empty()) << entry.name << "." << field.name;
    }
  };
  look(all_projections());
  look(all_graphs());
  look(all_folds());
  for (const char* name :
       {"separate", "full", "causal", "window", "softmax", "hrr", "linear", "mean", "off"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Phrase, AProjectionOfValuesAloneIsSeparate) {
  for (const char* text :
       {"symmetric+mean", "pairwise+mean", "keyvalue+mean", "shared(form=plain)+mean"}) {
    EXPECT_EQ(parse_phrase(text).canonical, "mean") << text;
  }
  EXPECT_EQ(parse_phrase("shared+mean").canonical, "shared+mean");
  EXPECT_EQ(parse_phrase("symmetric+softmax").canonical, "symmetric");
}

}  // namespace
}  // namespace regard::attention
