#include "regard/report/page.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "regard/base/files.hpp"
#include "regard/report/html.hpp"
#include "report/sample.hpp"

namespace regard::report {
namespace {

/// The first fault in the nesting of tags, or "".
std::string unbalanced(const std::string& html) {
  static const std::vector<std::string> kVoid = {"meta", "link", "br", "hr", "img", "input"};
  std::vector<std::string> open;
  std::size_t at = 0;
  while ((at = html.find('<', at)) != std::string::npos) {
    if (html[at + 1] == '!') {
      at = html.find('>', at);
      continue;
    }
    const bool closing = html[at + 1] == '/';
    const auto begin = at + (closing ? 2 : 1);
    auto end = begin;
    while (std::isalnum(static_cast<unsigned char>(html[end]))) ++end;
    const auto name = html.substr(begin, end - begin);
    if (name.empty()) return "a bare < at " + html.substr(at, 40);
    const auto close = html.find('>', end);
    if (close == std::string::npos) return "no > after <" + name;
    if (closing) {
      if (open.empty() || open.back() != name)
        return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (html[close - 1] != '/' &&
               std::find(kVoid.begin(), kVoid.end(), name) == kVoid.end()) {
      open.push_back(name);
      // Text of these elements has no tags.
      if (name == "script" || name == "style") {
        at = html.find("</" + name, close);
        if (at == std::string::npos) return "no </" + name + ">";
        continue;
      }
    }
    at = close;
  }
  return open.empty() ? "" : open.back() + " stays open";
}

TEST(Page, TheBalanceCheckFindsFaults) {
  EXPECT_EQ(unbalanced("<p>a<br>b</p>"), "");
  EXPECT_NE(unbalanced("<p><b>a</p></b>"), "");
  EXPECT_NE(unbalanced("<div><p>a</p>"), "");
  EXPECT_NE(unbalanced("<p>1 < 2</p>"), "");
}

TEST(Page, TagsBalance) {
  for (const Task task : {Task::kLanguageModel, Task::kClassification}) {
    for (const int64_t seeds : {1, 3}) {
      const auto c = sample_comparison(task, seeds);
      EXPECT_EQ(unbalanced(page(c, kFakeBundle)), "");
      EXPECT_EQ(unbalanced(page(c, {"", "no bundle"})), "");
    }
  }
  EXPECT_EQ(unbalanced(page({}, kFakeBundle)), "");
}

TEST(Page, EverythingThatAUserWroteIsEscaped) {
  const std::string evil = "<script>alert('\"x\"')</script>";
  auto c = sample_comparison();
  c.title = c.budget = c.recipe_toml = c.samples = evil;
  c.environment = {{evil, evil}};
  for (auto& run : c.runs) {
    if (run.phrase == "linear") run.phrase = evil;
    if (run.phrase == "hrr") run.finished = false, run.note = evil;
  }
  c.maps[0].title = evil + " · " + evil;
  c.maps[0].labels[0] = evil;
  const auto html = page(c, kFakeBundle);
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;alert"), std::string::npos);
  EXPECT_EQ(unbalanced(html), "");
}

TEST(Page, LoadsNothing) {
  const auto html = page(sample_comparison(), kFakeBundle);
  const std::regex load(
      "(src|href|action|data|poster)\\s*=\\s*[\"']?\\s*(https?:|//"
      ")|url\\(|@import|fetch\\(|XMLHttpRequest");
  EXPECT_FALSE(std::regex_search(html, load));
  EXPECT_TRUE(std::regex_search(std::string("<img src=\"https://a\">"), load));
  EXPECT_NE(html.find("Content-Security-Policy\" content=\"default-src 'none'"), std::string::npos);
}

TEST(Page, WithoutABundleTheTablesStayAndASentenceTellsWhy) {
  const auto html = page(sample_comparison(), {"", "plotly.min.js was not found (tried /a/b)"});
  EXPECT_NE(html.find("The figures are left out: plotly.min.js was not found (tried /a/b). The "
                      "tables are complete."),
            std::string::npos);
  EXPECT_NE(html.find("<table>"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
}

TEST(Page, HeadlineTableRecipeAndMachineAreThere) {
  const auto html = page(sample_comparison(), kFakeBundle);
  for (const char* part : {"has the lowest validation loss", "window(width=8)", "Learning curves",
                           "Quality against cost", "What attends to what", "GLOUCESTER",
                           "Resolved recipe", "layers = 2", "AVX-512", "Every run"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(page(sample_comparison(), kFakeBundle), html);
}

TEST(Page, ATrainingRunHasTheSamePageWithoutComparison) {
  auto c = sample_comparison();
  c.runs.resize(1);
  const auto html = page(c, kFakeBundle);
  EXPECT_NE(html.find("training run"), std::string::npos);
  EXPECT_EQ(html.find("Quality against cost"), std::string::npos);
  EXPECT_EQ(html.find("verdict"), std::string::npos);
  EXPECT_NE(html.find("Learning curves"), std::string::npos);
}

TEST(Html, Pieces) {
  EXPECT_EQ(rich("a `b<c` d ` e"), "a <code>b&lt;c</code> d ` e");
  EXPECT_EQ(number_html("-0.5"), "&minus;0.5");
  EXPECT_EQ(number_html("-x"), "-x");
  EXPECT_EQ(data_address("text/csv", "a,b\n"), "data:text/csv;charset=utf-8,a%2Cb%0A");
  EXPECT_EQ(for_script("{\"a\":\"</script>\"}"), "{\"a\":\"\\u003c/script>\"}");
}

/// Sets an environment variable until the scope ends.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (before_.empty()) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, before_.c_str(), 1);
    }
  }

 private:
  const char* name_;
  std::string before_;
};

TEST(Plotly, TheVariableNamesTheOnlyPlace) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("regard-plotly-" + std::to_string(::getpid()) + ".js");
  {
    const Environment given("REGARD_PLOTLY", file.string());
    const auto absent = find_plotly();
    EXPECT_TRUE(absent.code.empty());
    EXPECT_NE(absent.missing.find(file.string()), std::string::npos);
    write_atomically(file, "var a;");
    EXPECT_EQ(find_plotly().code, "var a;");
  }
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace regard::report
