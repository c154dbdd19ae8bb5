#include "regard/docgraph/sentences.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"

namespace regard::docgraph {
namespace {
using Texts = std::vector<std::string>;

TEST(Sentences, EnglishInitialsAndAbbreviations) {
  EXPECT_EQ(sentences_of("Mr. Smith met Dr. Lee in St. Louis on Jan. 5. The U.S. Army said so. It "
                         "cost 3.5 million. See Fig. 3, e.g. here. Prof. A. B. Jones left.",
                         Language::kEnglish),
            (Texts{"Mr. Smith met Dr. Lee in St. Louis on Jan. 5.", "The U.S. Army said so.",
                   "It cost 3.5 million.", "See Fig. 3, e.g. here.", "Prof. A. B. Jones left."}));
}

TEST(Sentences, GermanOrdinalsAndAbbreviations) {
  EXPECT_EQ(
      sentences_of("Das ist z. B. wahr. Dr. Müller kam am 3. Oktober. Er wohnt in der Str. 5.",
                   Language::kGerman),
      (Texts{"Das ist z. B. wahr.", "Dr. Müller kam am 3. Oktober.", "Er wohnt in der Str. 5."}));
}

TEST(Sentences, EndsThatLookLikeAbbreviationsStay) {
  EXPECT_EQ(
      sentences_of("He moved to the U.S. She stayed. So did I. Then we met.", Language::kEnglish)
          .size(),
      4U);
  EXPECT_EQ(sentences_of("Es waren 3. Danach ging er.", Language::kGerman).size(), 2U);
  EXPECT_EQ(sentences_of("It was 3. May came.", Language::kEnglish).size(), 2U);
}

TEST(Sentences, LineEndsAreBlanksAndEmptyLinesEndASentence) {
  EXPECT_EQ(
      sentences_of("One line\ngoes on here.  Two\r\n\r\nA heading\n\nThree.", Language::kEnglish),
      (Texts{"One line goes on here.", "Two", "A heading", "Three."}));
  // Nothing is joined over an empty line.
  EXPECT_EQ(sentences_of("He met Dr.\n\nLee left.", Language::kEnglish).size(), 2U);
}

TEST(Sentences, JoinsOnlyWhatIcuCut) {
  const std::string text = "Dr. Lee came. He left! Why? \"No.\" (See p. 7.)";
  EXPECT_GT(plain_sentences_of(text, Language::kEnglish).size(),
            sentences_of(text, Language::kEnglish).size());
  std::string joined, plain;
  for (const auto& s : sentences_of(text, Language::kEnglish)) joined += s + " ";
  for (const auto& s : plain_sentences_of(text, Language::kEnglish)) plain += s + " ";
  EXPECT_EQ(joined, plain);
}

TEST(Sentences, BlanksHaveNoneAndBrokenTextIsRefused) {
  EXPECT_TRUE(sentences_of(" \n\t ", Language::kEnglish).empty());
  EXPECT_TRUE(sentences_of("", Language::kGerman).empty());
  EXPECT_THROW(sentences_of("a\xff", Language::kEnglish), InputError);
  EXPECT_THROW(language_of("fr"), InputError);
}

}  // namespace
}  // namespace regard::docgraph
