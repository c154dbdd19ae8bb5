#include "regard/report/passage.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"
#include "regard/report/document.hpp"
#include "report/sample.hpp"

namespace regard::report {
namespace {

Passage three() {
  return {{{"A <b> & \"c\".", 1.5}, {"Second.", -0.5}, {"Third.", 0}},
          {{0, 1, .5, .2}, {0, 2, .25, 0}},
          "log-odds"};
}

TEST(Passage, ShadesSentencesDrawsArcsAndEscapes) {
  const auto html = passage_html(three());
  EXPECT_EQ(count(html, "<path "), 2);
  EXPECT_EQ(count(html, "<circle "), 3);
  EXPECT_EQ(count(html, "<li>"), 3);
  EXPECT_NE(html.find("A &lt;b&gt; &amp; &quot;c&quot;."), html.npos);
  EXPECT_EQ(html.find("<b>"), html.npos);
  // The strongest has the full shade, the one against it another colour, the one without effect
  // none.
  EXPECT_NE(html.find("rgba(0, 114, 178, 0.45)\">A"), html.npos);
  EXPECT_NE(html.find("rgba(213, 94, 0, 0.15)\">Second"), html.npos);
  EXPECT_NE(html.find("rgba(0, 114, 178, 0.00)\">Third"), html.npos);
  EXPECT_NE(html.find("+1.50"), html.npos);
  EXPECT_NE(html.find("sentences 1 and 2: weight 0.500, +0.20 log-odds"), html.npos);
}

TEST(Passage, StandsInADocument) {
  Document page;
  page.title = "t";
  page.blocks.push_back({.heading = "The text", .passage = three()});
  EXPECT_NE(document_html(page, {}).find("class=\"passage\""), std::string::npos);
}

TEST(Passage, RefusesALinkToASentenceThatIsNotThere) {
  auto passage = three();
  passage.links.push_back({1, 3});
  EXPECT_THROW(passage_html(passage), InputError);
  passage.links.back() = {2, 1};
  EXPECT_THROW(passage_html(passage), InputError);
}

}  // namespace
}  // namespace regard::report
