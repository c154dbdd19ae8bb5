#include "regard/report/document.hpp"

#include <gtest/gtest.h>

#include "report/sample.hpp"

namespace regard::report {
namespace {

Document sample() {
  Document document;
  document.kicker = "Regard · test";
  document.title = "a & b";
  document.scope = "scope";
  document.sentence = "`x` is <best>";
  document.remarks = {"one remark"};
  Block drawn;
  drawn.heading = "Curves";
  Figure figure;
  figure.id = "one";
  figure.caption = "what is drawn";
  figure.variants = {{"loss", Json::array(), Json::object()}};
  drawn.figures = {figure};
  drawn.legend = {"p", "q"};
  drawn.marks = marks(drawn.legend);
  drawn.table.columns = {{"key", "Key", ""}};
  drawn.table.rows = {{number(-1.5, 1)}};
  drawn.table.notes = {"a note"};
  Block empty;
  empty.heading = "Nothing here";
  document.blocks = {drawn, empty};
  return document;
}

TEST(Document, HasEverythingEscapedAndNothingEmpty) {
  const auto html = document_html(sample(), kFakeBundle);
  for (const auto* part :
       {"<title>a &amp; b</title>", "<code>x</code> is &lt;best&gt;", "one remark", "Curves",
        "id=\"one\"", "what is drawn", "data-phrase=\"q\"", "a note", "Key", "window.Plotly"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(html.find("Nothing here"), std::string::npos);
  EXPECT_EQ(html.find("http://"), std::string::npos);
}

TEST(Document, WithoutABundleItHasTheTablesAndSaysWhy) {
  const auto html = document_html(sample(), {"", "no bundle was found"});
  EXPECT_NE(html.find("The figures are left out: no bundle was found"), std::string::npos);
  EXPECT_NE(html.find("a note"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find("what is drawn"), std::string::npos);
}

}  // namespace
}  // namespace regard::report
