// Pathfinder: the rules of the drawing on the generator's own records, and what the pictures show.
#include "regard/data/generators/pathfinder.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "readers/helpers.hpp"
#include "regard/data/generators/parallel.hpp"
#include "regard/data/readers/reader.hpp"

namespace regard::data {
namespace {

std::vector<PathfinderImage> images(const Pathfinder& pathfinder, int64_t count,
                                    uint64_t seed = 1) {
  std::vector<PathfinderImage> all(static_cast<std::size_t>(count));
  for_each_example(count, 2, [&](int64_t i) {
    all[static_cast<std::size_t>(i)] = pathfinder.image(seed, static_cast<uint64_t>(i) + 1);
  });
  return all;
}

double distance(Pixel a, Pixel b) { return std::hypot(a.y - b.y, a.x - b.x); }

int curve_of_last_disc(const PathfinderImage& image) {
  return image.discs[1] == image.tips[0].back() ? 0 : 1;
}

void expect_rules(const PathfinderImage& image, int contour, double length, double margin) {
  for (const auto& tips : image.tips) {
    ASSERT_EQ(static_cast<int>(tips.size()), contour);
    for (std::size_t i = 1; i < tips.size(); ++i) {
      // One dash and two margins from tip to tip (the first tip is a tail); rounding moves each end by a pixel.
      const double d = distance(tips[i - 1], tips[i]);
      EXPECT_LE(d, 2 * length + 2 * margin + 3);
      EXPECT_GE(d, 1);
    }
  }
  const int first = image.discs[0] == image.tips[0].front() ? 0 : 1;
  EXPECT_EQ(image.discs[0], image.tips[static_cast<std::size_t>(first)].front());
  const int last = curve_of_last_disc(image);
  EXPECT_EQ(image.discs[1], image.tips[static_cast<std::size_t>(last)].back());
  EXPECT_EQ(image.label, first == last ? 1 : 0);
}

TEST(Pathfinder, LabelsFollowTheCurves) {
  for (const int64_t side : {32, 128}) {
    const Pathfinder pathfinder({side, 14});
    for (const auto& image : images(pathfinder, side == 32 ? 500 : 30)) {
      ASSERT_EQ(image.pixels.size(), static_cast<std::size_t>(side * side));
      expect_rules(image, 14, side == 32 ? 2 : 5, side == 32 ? 1 : 3);
      for (const auto disc : image.discs) {
        EXPECT_GT(image.pixels[static_cast<std::size_t>(disc.y * side + disc.x)], 200);
      }
      EXPECT_LE(image.distractors, side == 32 ? 5 : 8);
    }
  }
}

TEST(Pathfinder, LabelsAreBalancedAndShortCurvesFindRoom) {
  const auto all = images(Pathfinder({32, 14}), 10000);
  double ones = 0, distractors = 0;
  for (const auto& image : all) ones += image.label, distractors += image.distractors;
  EXPECT_NEAR(ones / 10000, 0.5, 0.01);
  EXPECT_GT(distractors / 10000, 4.5);
}

// A turn beyond pi / 2 / continuity has no weight.
TEST(Pathfinder, TurnsAreSmooth) {
  const DashTables tables({5, 1.5, 3}, 1.8);
  const auto n = tables.tips.size();
  EXPECT_NEAR(static_cast<double>(n), 2 * std::numbers::pi * 8, 5);
  for (int degree = 0; degree < kDegrees; degree += 7) {
    for (std::size_t i = 0; i < n; ++i) {
      const double t = (degree - 180) * std::numbers::pi / 180;
      const double u = std::atan2(tables.tips[i].y, tables.tips[i].x);
      const double turn = std::acos(std::clamp(std::cos(t - u), -1.0, 1.0));
      const auto weight = tables.turn[static_cast<std::size_t>(degree) * n + i];
      const double smooth = std::cos(std::min(1.8 * turn, std::numbers::pi / 2));
      EXPECT_NEAR(weight, 65536 * smooth * smooth, 1);
    }
  }
}

TEST(Pathfinder, DashesHaveTheirLengthAndMargin) {
  for (const double degree : {0.0, 30.0, 45.0, 90.0, 200.0}) {
    const double t = degree * std::numbers::pi / 180;
    const auto stamp = dash_stamp({5, 1.5, 2}, std::sin(t), std::cos(t));
    double picture = 0, mask = 0, y = 0, x = 0;
    for (int i = 0; i < stamp.height; ++i) {
      for (int j = 0; j < stamp.width; ++j) {
        const double value = stamp.picture[static_cast<std::size_t>(i * stamp.width + j)];
        picture += value / 255;
        mask += stamp.mask[static_cast<std::size_t>(i * stamp.width + j)] / 255.0;
        y += value / 255 * (stamp.corner.y + i);
        x += value / 255 * (stamp.corner.x + j);
      }
    }
    EXPECT_NEAR(picture, 5 * 1.5, 0.8) << degree;  // the area; lobes below black are cut
    EXPECT_NEAR(mask, 5 * 1.5 + 2 * 2 * 6.5 + 4 * std::numbers::pi, 2.5) << degree;
    EXPECT_NEAR(y / picture, 2.5 * std::sin(t), 0.15) << degree;
    EXPECT_NEAR(x / picture, 2.5 * std::cos(t), 0.15) << degree;
  }
  const auto disc = disc_stamp(3);
  double area = 0;
  for (const auto value : disc.picture) area += value / 255.0;
  EXPECT_NEAR(area, 9 * std::numbers::pi, 1.5);
}

// From one disc over bright pixels grown by `reach`: is the other one reached?
bool connected(const PathfinderImage& image, int side, int reach, int bright) {
  std::vector<Pixel> open = {image.discs[0]};
  std::vector<bool> seen(image.pixels.size());
  const auto index = [&](Pixel p) { return static_cast<std::size_t>(p.y * side + p.x); };
  seen[index(open[0])] = true;
  while (!open.empty()) {
    const auto p = open.back();
    open.pop_back();
    if (p == image.discs[1]) return true;
    for (int dy = -reach; dy <= reach; ++dy) {
      for (int dx = -reach; dx <= reach; ++dx) {
        const Pixel q{p.y + dy, p.x + dx};
        if (q.y < 0 || q.x < 0 || q.y >= side || q.x >= side || seen[index(q)]) continue;
        if (image.pixels[index(q)] < bright) continue;
        seen[index(q)] = true;
        open.push_back(q);
      }
    }
  }
  return false;
}

// The answer is in the picture: a flood over the gaps of curves finds labels where curves keep apart. At side 32 other curves
// are as near as the next dash, and a flood without a sense of direction is at chance.
TEST(Pathfinder, AFloodFindsLabelsWhereCurvesKeepApart) {
  const auto all = images(Pathfinder({128, 14}), 100);
  double right = 0;
  for (const auto& image : all) right += connected(image, 128, 5, 90) == (image.label == 1);
  EXPECT_GT(right, 62);
  EXPECT_LT(right, 95);
}

// Short curves are drawn in contrast 2, long ones in 2 x 0.75, and the brightest pixel becomes white.
TEST(Pathfinder, ShortCurvesAreBrighterAtSide32) {
  double long_curves = 0, tips = 0, white = 0;
  const auto all = images(Pathfinder({32, 14}), 200);
  for (const auto& image : all) {
    white += *std::max_element(image.pixels.begin(), image.pixels.end()) == 255;
    for (const auto& curve : image.tips) {
      for (const auto tip : curve) {
        if (distance(tip, image.discs[0]) < 4 || distance(tip, image.discs[1]) < 4) continue;
        long_curves += image.pixels[static_cast<std::size_t>(tip.y * 32 + tip.x)];
        ++tips;
      }
    }
  }
  EXPECT_EQ(white, 200);
  EXPECT_LT(long_curves / tips, 0.75 * 255);
  double bright = 0;  // pixels above what a long curve reaches: on short curves, and discs
  for (const auto& image : all)
    bright += static_cast<double>(
        std::count_if(image.pixels.begin(), image.pixels.end(), [](int v) { return v > 200; }));
  EXPECT_GT(bright / 200, 20);
}

TEST(Pathfinder, EveryTipIsDrawn) {
  for (const auto& image : images(Pathfinder({32, 14}), 200)) {
    for (const auto& tips : image.tips) {
      for (const auto tip : tips) {
        int brightest = 0;
        for (int y = std::max(0, tip.y - 1); y <= std::min(31, tip.y + 1); ++y) {
          for (int x = std::max(0, tip.x - 1); x <= std::min(31, tip.x + 1); ++x) {
            brightest =
                std::max<int>(brightest, image.pixels[static_cast<std::size_t>(y * 32 + x)]);
          }
        }
        EXPECT_GT(brightest, 70);
      }
    }
  }
}

uint64_t hash_of(const std::vector<PathfinderImage>& all) {
  uint64_t hash = 1469598103934665603u;
  for (const auto& image : all) {
    for (const auto pixel : image.pixels) hash = (hash ^ pixel) * 1099511628211u;
    hash = (hash ^ static_cast<uint64_t>(image.label)) * 1099511628211u;
  }
  return hash;
}

TEST(Pathfinder, TheSameImagesEverywhere) {
  EXPECT_EQ(hash_of(images(Pathfinder({32, 14}), 100)), 16754719344272462499u);
  EXPECT_EQ(hash_of(images(Pathfinder({128, 14}), 10)), 6377002988707886166u);
  EXPECT_NE(hash_of(images(Pathfinder({32, 14}), 2, 2)),
            hash_of(images(Pathfinder({32, 14}), 2, 3)));
}

TEST(Pathfinder, ReaderMakesImages) {
  ReaderSpec spec;
  spec.reader = "pathfinder";
  spec.generated.data_seed = 4;
  spec.generated.pathfinder.contour = 6;
  const auto examples = read_examples({"3-42"}, spec);
  EXPECT_EQ(examples.size(), 40);
  EXPECT_EQ(examples.shape, (ImageShape{32, 32, 1}));
  const auto image = Pathfinder({32, 6}).image(4, 5);
  EXPECT_TRUE(
      std::equal(image.pixels.begin(), image.pixels.end(), examples.images.begin() + 2 * 1024));
  EXPECT_EQ(examples.label_names[static_cast<std::size_t>(examples.labels[2])],
            std::to_string(image.label));
  EXPECT_EQ(examples.place(2), "pathfinder with data_seed 4: example 5");
  spec.generated.pathfinder.side = 64;
  EXPECT_TRUE(contains(input_error([&] { read_examples({"1-2"}, spec); }),
                       "side 32 or 128 was expected, and 64 came"));
  spec.generated.pathfinder = {32, 20};
  EXPECT_TRUE(
      contains(input_error([&] { read_examples({"1-2"}, spec); }), "a contour of 3 to 14 dashes"));
}

}  // namespace
}  // namespace regard::data
