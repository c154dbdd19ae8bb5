// Opens reports in headless Chromium: no message on the console, every figure drawn.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "regard/base/files.hpp"
#include "regard/report/document.hpp"
#include "regard/report/page.hpp"
#include "report/sample.hpp"

namespace regard::report {
namespace {
namespace fs = std::filesystem;

class Browser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v chromium chromium-browser google-chrome >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "no Chromium on this machine (apt-get install chromium)";
    }
    plotly_ = find_plotly();
    if (plotly_.code.empty()) GTEST_SKIP() << plotly_.missing;
    const char* keep = std::getenv("REGARD_KEEP_REPORTS");
    kept_ = keep != nullptr && *keep != '\0';
    folder_ = kept_ ? fs::path(keep)
                    : fs::temp_directory_path() / ("regard-report-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override {
    if (!kept_ && !folder_.empty()) fs::remove_all(folder_);
  }

  /// The document after its scripts ran; `console` gets what they said.
  std::string open(const std::string& name, const std::string& html, std::string& console) {
    const auto file = folder_ / (name + ".html");
    write_atomically(file, html);
    const auto dom = folder_ / (name + ".dom"), said = folder_ / (name + ".console");
    const std::string command = std::string(REGARD_SOURCE_DIR) + "/tools/screenshot --dom '" +
                                file.string() + "' '" + dom.string() + "' >'" + said.string() +
                                "' 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << read_file(said);
    console = read_file(said);
    return read_file(dom);
  }

  Plotly plotly_;
  fs::path folder_;
  bool kept_ = false;
};

constexpr const char* kDrawn = "class=\"figure js-plotly-plot\"";

TEST_F(Browser, AComparisonDrawsAllItsFigures) {
  std::string console;
  const auto dom = open("comparison", page(sample_comparison(), plotly_), console);
  EXPECT_EQ(console, "");
  EXPECT_EQ(count(dom, kDrawn), 5);  // two pairs and the map
  EXPECT_GE(count(dom, "main-svg"), 5);
  EXPECT_GE(count(dom, "scatterlayer"), 4);
  EXPECT_GE(count(dom, "class=\"hm\""), 1);
  EXPECT_EQ(count(dom, "<select"), 3);
}

TEST_F(Browser, AClassificationAndATrainingRunDrawTheirs) {
  std::string console;
  auto dom =
      open("classification", page(sample_comparison(Task::kClassification), plotly_), console);
  EXPECT_EQ(console, "");
  EXPECT_EQ(count(dom, kDrawn), 5);
  auto single = sample_comparison();
  single.runs.resize(1);
  single.maps = {sample_gate("hrr · layer 1", "To be, or not to be: that is the question")};
  dom = open("training", page(single, plotly_), console);
  EXPECT_EQ(console, "");
  EXPECT_EQ(count(dom, kDrawn), 3);
}

TEST_F(Browser, ButtonsAndMenusChangeTheFigures) {
  // Hides `off`, shows training losses, and goes from the first map (weights) to the gates of hrr.
  const std::string clicks = R"js(<script>
    document.querySelector('.legend button[data-phrase="off"]').click();
    document.querySelector('.switch button[data-variant="training loss"]').click();
    const menu = document.querySelector("#map-menus select");
    menu.value = "hrr";
    menu.dispatchEvent(new Event("change"));
    const curve = document.getElementById("curve-step"), map = document.getElementById("map");
    document.body.dataset.seen = [curve.layout.yaxis.title.text,
      curve.data.filter(t => t.meta === "off").every(t => t.visible === false),
      curve.data.filter(t => t.meta === "hrr").every(t => t.visible === true),
      map.data[0].zmin, map.data[0].z.length].join("|");
    </script></body>)js";
  auto html = page(sample_comparison(), plotly_);
  html.replace(html.rfind("</body>"), 7, clicks);
  std::string console;
  const auto dom = open("clicks", html, console);
  EXPECT_EQ(console, "");
  EXPECT_NE(dom.find("data-seen=\"training loss (nats)|true|true|-2|1\""), std::string::npos);
}

Variant moving(const char* type) {
  Json first = {{"type", type}, {"mode", "markers"}, {"x", {1, 0}}, {"y", {0, 1}}};
  Json last = {{"x", {0.5, 0.25}}, {"y", {0.75, 0.875}}};
  Json layout = {{"axes", false}};
  if (std::string(type) == "scatter3d") {
    first["z"] = last["z"] = {0, 0};
    layout["scene"] = {{"camera", {{"eye", {{"x", 1}, {"y", 1}, {"z", 1}}}}}};
  }
  return {"one",
          Json::array({first}),
          layout,
          {{"start", Json::array({{{"x", {1, 0}}, {"y", {0, 1}}}})}, {"the end", {last}}}};
}

Document animation(const char* type) {
  Document document;
  document.title = "Moving points";
  Block block;
  block.heading = "Points";
  block.figures = {{"points", "", "", {moving(type)}}};
  document.blocks = {block};
  return document;
}

/// Moves the slider to the last picture and says what is drawn then.
std::string stepped(std::string html) {
  const std::string step = R"js(<script>
    const place = document.getElementById("points"), before = Array.from(place.data[0].x);
    const slider = document.querySelector("#points-frames input");
    slider.value = slider.max;
    slider.dispatchEvent(new Event("input"));
    document.body.dataset.seen = [document.querySelector("#points-frames output").textContent,
      before.join(), Array.from(place.data[0].x).join(), !!place.layout.xaxis && place.layout.xaxis.visible,
      place.data[0].type, !!document.querySelector("#points-frames button")].join("|");
    </script></body>)js";
  html.replace(html.rfind("</body>"), 7, step);
  return html;
}

TEST_F(Browser, TheSliderMovesThePointsToANamedPicture) {
  std::string console;
  const auto dom = open("moving", stepped(document_html(animation("scatter"), plotly_)), console);
  EXPECT_EQ(console, "");
  EXPECT_NE(dom.find("data-seen=\"the end|1,0|0.5,0.25|false|scatter|true\""), std::string::npos);
}

TEST_F(Browser, PlayingGoesToTheLastPicture) {
  auto html = document_html(animation("scatter"), plotly_);
  html.replace(html.rfind("</body>"), 7, R"js(<script>
    document.querySelector("#points-frames button").click();
    setTimeout(() => { document.body.dataset.seen =
      document.querySelector("#points-frames output").textContent; }, 1000);
    </script></body>)js");
  std::string console;
  const auto dom = open("playing", html, console);
  EXPECT_EQ(console, "");
  EXPECT_NE(dom.find("data-seen=\"the end\""), std::string::npos);
}

TEST_F(Browser, AThreeDimensionalSceneMovesToo) {
  std::string console;  // a machine without a GPU says there that it draws WebGL in software
  const auto dom = open("sphere", stepped(document_html(animation("scatter3d"), plotly_)), console);
  EXPECT_EQ(console.find("Error"), std::string::npos) << console;
  EXPECT_EQ(console.find("Refused"), std::string::npos) << console;  // by the page's policy
  EXPECT_NE(dom.find("data-seen=\"the end|1,0|0.5,0.25|false|scatter3d|true\""), std::string::npos);
}

TEST_F(Browser, WithoutWebGLASceneIsADisc) {
  auto html = stepped(document_html(animation("scatter3d"), plotly_));
  // Before the page's own script: a browser that has no WebGL.
  html.replace(html.find("<body>"), 6, R"js(<body><script>
    const given = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
      return kind.includes("webgl") ? null : given.call(this, kind, ...more); };
    </script>)js");
  std::string console;
  const auto dom = open("disc", html, console);
  EXPECT_EQ(console, "");
  EXPECT_NE(dom.find("data-seen=\"the end|-0.70"), std::string::npos);
  EXPECT_NE(dom.find("|scatter|true\""), std::string::npos);
}

TEST_F(Browser, AFaultInAScriptIsSeen) {
  std::string console;
  open("fault", "<!DOCTYPE html><title>x</title><script>nothing.at.all()</script>", console);
  EXPECT_NE(console.find("nothing is not defined"), std::string::npos) << console;
}

}  // namespace
}  // namespace regard::report
