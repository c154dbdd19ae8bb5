#include "regard/report/figures.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"
#include "regard/report/palette.hpp"
#include "report/sample.hpp"

namespace regard::report {
namespace {

Run with_curve(std::vector<std::pair<double, double>> points) {
  Run run;
  for (const auto& [step, loss] : points) {
    Point p;
    p.step = step;
    p.valid_loss = loss;
    run.curve.push_back(p);
  }
  return run;
}

TEST(Band, MeanAndRangeAtCommonSteps) {
  const auto a = with_curve({{0, 4}, {10, 2}, {15, kAbsent}, {20, 1}}),
             b = with_curve({{0, 4}, {10, 3}});
  const auto both = band({&a, &b}, &Point::step, &Point::valid_loss);
  EXPECT_EQ(both.seeds, 2);
  EXPECT_EQ(both.x, (std::vector<double>{0, 10}));
  EXPECT_EQ(both.centre, (std::vector<double>{4, 2.5}));
  EXPECT_EQ(both.low, (std::vector<double>{4, 2}));
  EXPECT_EQ(both.high, (std::vector<double>{4, 3}));
  EXPECT_TRUE(band({&a}, &Point::step, &Point::train_loss).x.empty());
}

TEST(Pareto, FrontLeavesOutWhatIsBeatenInBoth) {
  EXPECT_EQ(pareto_front({3, 1, 2, 2, 4}, {1, 3, 2, 2.5, 1}), (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_TRUE(pareto_front({}, {}).empty());
}

TEST(Figures, ALineAndABandForEachPhrase) {
  const auto figure = curves_by_step(sample_comparison());
  ASSERT_EQ(figure.variants.size(), 2u);
  EXPECT_EQ(figure.variants[0].name, "validation loss");
  EXPECT_EQ(figure.variants[0].data.size(), 12u);
  EXPECT_EQ(curves_by_step(sample_comparison(Task::kLanguageModel, 1)).variants[0].data.size(), 6u);
  EXPECT_EQ(curves_by_step(sample_comparison(Task::kClassification)).variants[0].name,
            "validation accuracy");
}

TEST(Figures, EachAuxiliaryLossHasItsCurve) {
  auto comparison = sample_comparison();
  for (auto& run : comparison.runs) {
    for (auto& point : run.curve) point.losses = {{"edges", 0.25}, {"balance", 2.0}};
  }
  const auto figure = curves_by_step(comparison);
  ASSERT_EQ(figure.variants.size(), 4u);
  EXPECT_EQ(figure.variants[2].name, "loss balance");
  EXPECT_EQ(figure.variants[3].name, "loss edges");
  EXPECT_EQ(figure.variants[3].data[6]["y"][0], 0.25);
}

TEST(Figures, ControlsAreDashedGrey) {
  const auto all = marks({"softmax", "off", "hrr"});
  EXPECT_EQ(all.at("off").dash, "dash");
  EXPECT_EQ(all.at("off").colour, "#6B6B6B");
  EXPECT_EQ(all.at("hrr").dash, "solid");
  EXPECT_NE(all.at("hrr").colour, all.at("softmax").colour);
  EXPECT_EQ(translucent("#0072B2", 0.16), "rgba(0,114,178,0.16)");
}

TEST(Figures, NothingToCompareIsNotDrawn) {
  Comparison c;
  EXPECT_TRUE(curves_by_step(c).variants.empty());
  c.runs = {sample_run({"softmax", 1.8, 9, 400}, 1, 80)};
  EXPECT_TRUE(quality_by_seconds(c).variants.empty());
  EXPECT_FALSE(curves_by_seconds(c).variants.empty());
}

TEST(Maps, TitlesBecomeMenusAndLabelsBecomeVisible) {
  AttentionMap map{"hrr · layer 1", 1, 3, {1.23456f, 0.5f, 2}, true, {" ", "\n", "a"}};
  const auto json = maps_json({map});
  EXPECT_EQ(json[0]["parts"], (Json{"hrr", "layer 1"}));
  EXPECT_EQ(json[0]["labels"], (Json{"␣", "↵", "a"}));
  EXPECT_EQ(json[0]["z"][0][0], 1.235);
}

TEST(Maps, AShapeThatDoesNotFitIsRefused) {
  const AttentionMap map{"m", 2, 2, {1, 2, 3}, false, {}};
  EXPECT_THROW(maps_json({map}), InputError);
}

}  // namespace
}  // namespace regard::report
