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

void expect_rules(const PathfinderImage& image, int contour, double length, double margin) {
  for (const auto& tips : image.tips) {
    ASSERT_EQ(static_cast<int>(tips.size()), contour);
    for (std::size_t i = 1; i < tips.size(); ++i) {
      // One dash and two margins from tip to tip (the first tip is a tail); rounding moves each end
      // by a pixel.
      const double d = distance(tips[i - 1], tips[i]);
      EXPECT_LE(d, 2 * length + 2 * margin + 3);
      EXPECT_GE(d, 1);
    }
  }
  const auto first = static_cast<std::size_t>(image.discs[0] == image.tips[0].front() ? 0 : 1);
  EXPECT_EQ(image.discs[0], image.tips[first].front());
  // The last dashes of both curves may end in one pixel, since neither keeps a margin to the other.
  EXPECT_EQ(image.discs[1], image.tips[image.label == 1 ? first : 1 - first].back());
}

TEST(Pathfinder, LabelsFollowTheCurves) {
  for (const int64_t side : {32, 128}) {
    const Pathfinder pathfinder({side, 14});
    for (const auto& image : images(pathfinder, side == 32 ? 500 : 30)) {
      ASSERT_EQ(image.pixels.size(), static_cast<std::size_t>(side * side));
      expect_rules(image, 14, side == 32 ? 2 : 5, side == 32 ? 1 : 3);
      for (const auto disc : image.discs) {
        EXPECT_GT(image.pixels[static_cast<std::size_t>(disc.y * side + disc.x)],
                  side == 32 ? 150 : 230);  // of a white that is 255 / 0.6 at side 32
      }
      EXPECT_LE(image.distractors, side == 32 ? 5 : 8);
    }
  }
}

TEST(Pathfinder, LabelsAreBalanced) {
  double ones = 0;
  for (const auto& image : images(Pathfinder({32, 14}), 10000)) ones += image.label;
  EXPECT_NEAR(ones / 10000, 0.5, 0.01);
}

// A direction whose window can leave the image as a whole starts no curve: at side 32 all but 31
// degrees about -135.
TEST(Pathfinder, FirstDashesHaveFewDirections) {
  const DashTables small({2, 0.5, 1}, 1.0), large({5, 1.5, 2}, 1.8);
  for (int degree = 0; degree < kDegrees; ++degree) {
    const bool some = !small.room[static_cast<std::size_t>(degree)].empty();
    EXPECT_EQ(some, degree - 180 >= -150 && degree - 180 <= -120) << degree - 180;
  }
  EXPECT_EQ(
      std::count_if(large.room.begin(), large.room.end(), [](const auto& r) { return r.empty(); }),
      6);
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

// Sum, first moments about the pixel and sum of squares.
using Moments = std::array<int, 4>;
Moments moments(const Stamp& stamp, const std::vector<uint8_t>& values) {
  Moments m{};
  for (int i = 0; i < stamp.height; ++i) {
    for (int j = 0; j < stamp.width; ++j) {
      const int value = values[static_cast<std::size_t>(i * stamp.width + j)];
      m[0] += value;
      m[1] += value * (stamp.corner.y + i);
      m[2] += value * (stamp.corner.x + j);
      m[3] += value * value;
    }
  }
  return m;
}

// Lines by Pillow 13 (ImageDraw.line, width = thickness * 2), grown by OpenCV 5 (dilate with a
// disc), resized by Pillow (LANCZOS).
TEST(Pathfinder, DashesAreThoseOfPillow) {
  struct Case {
    DashShape shape;
    double degree;
    Moments picture, mask;
  };
  for (const auto& [shape, degree, picture, mask] : {
           Case{{2, 0.5, 1}, 0, {355, 0, 363, 42089}, {2353, 0, 2444, 467295}},
           Case{{2, 0.5, 1}, 30, {429, 268, 434, 39309}, {2379, 1441, 2491, 463663}},
           Case{{2, 0.5, 1}, 45, {364, 315, 314, 26820}, {2038, 1681, 1655, 386652}},
           Case{{2, 0.5, 1}, 90, {367, 375, 0, 45473}, {2346, 2460, 0, 473788}},
           Case{{2, 0.5, 1}, 200, {372, -113, -329, 31326}, {2079, -576, -1667, 399543}},
           Case{{5, 1.5, 3}, 0, {2242, 0, 5695, 411494}, {19365, 0, 49509, 4499977}},
           Case{{5, 1.5, 3}, 30, {1883, 2407, 4354, 317009}, {18909, 24336, 43595, 4408129}},
           Case{{5, 1.5, 3}, 45, {2935, 6035, 6010, 572141}, {21042, 43142, 43024, 4977308}},
           Case{{5, 1.5, 3}, 90, {2193, 5566, 0, 387799}, {19352, 49448, 0, 4479772}},
           Case{{5, 1.5, 3}, 200, {1774, -1388, -4136, 285496}, {17975, -13913, -41416, 4176169}},
       }) {
    const double t = degree * std::numbers::pi / 180;
    const auto stamp = dash_stamp(shape, std::sin(t), std::cos(t));
    EXPECT_EQ(moments(stamp, stamp.picture), picture) << degree;
    EXPECT_EQ(moments(stamp, stamp.mask), mask) << degree;
  }
  const auto disc = disc_stamp(1.5);
  EXPECT_EQ(moments(disc, disc.picture), (Moments{1906, -469, -418, 362742}));
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

// The answer is in the picture: a flood over the gaps of curves finds labels where curves keep
// apart. At side 32 other curves are as near as the next dash, and a flood without a sense of
// direction is at chance.
TEST(Pathfinder, AFloodFindsLabelsWhereCurvesKeepApart) {
  const auto all = images(Pathfinder({128, 14}), 100);
  double right = 0;
  for (const auto& image : all) right += connected(image, 128, 5, 90) == (image.label == 1);
  EXPECT_GT(right, 62);
  EXPECT_LT(right, 95);
}

// Against 1500 images by the published rules in Python, with Pillow and OpenCV: mean 20.18 of 255,
// 12.56 % of the pixels above 64, 8.48 % above 128, 3.783 pixels from tip to tip, tips of both
// curves nearer than 4 pixels 5.4 times an image, 1.16 short curves.
TEST(Pathfinder, ImagesAreDistributedAsThePublishedOnes) {
  double mean = 0, above_64 = 0, above_128 = 0, step = 0, near = 0, distractors = 0;
  for (const auto& image : images(Pathfinder({32, 14}), 2000)) {
    for (const int pixel : image.pixels)
      mean += pixel, above_64 += pixel > 64, above_128 += pixel > 128;
    for (const auto& tips : image.tips) {
      for (std::size_t i = 1; i < tips.size(); ++i) step += distance(tips[i - 1], tips[i]);
    }
    for (const auto a : image.tips[0]) {
      for (const auto b : image.tips[1]) near += distance(a, b) < 4;
    }
    distractors += image.distractors;
  }
  EXPECT_NEAR(mean / 2000 / 1024, 20.18, 0.3);
  EXPECT_NEAR(above_64 / 2000 / 1024, 0.1256, 0.002);
  EXPECT_NEAR(above_128 / 2000 / 1024, 0.0848, 0.002);
  EXPECT_NEAR(step / 2000 / 26, 3.783, 0.02);
  EXPECT_NEAR(near / 2000, 5.5, 0.4);
  EXPECT_NEAR(distractors / 2000, 1.16, 0.1);
}

// Short curves are drawn in contrast 2, long ones in 2 x 0.75, discs in 1, and the brightest pixel
// becomes white.
TEST(Pathfinder, ShortCurvesAreBrighterAtSide32) {
  double on_long = 0, tips = 0;
  for (const auto& image : images(Pathfinder({32, 14}), 200)) {
    if (image.distractors == 0) continue;
    EXPECT_EQ(*std::max_element(image.pixels.begin(), image.pixels.end()), 255);
    for (const auto& curve : image.tips) {
      for (const auto tip : curve) {
        if (distance(tip, image.discs[0]) < 4 || distance(tip, image.discs[1]) < 4) continue;
        on_long += image.pixels[static_cast<std::size_t>(tip.y * 32 + tip.x)];
        ++tips;
      }
    }
  }
  EXPECT_LT(on_long / tips, 0.75 * 255);
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
        EXPECT_GT(brightest, 80);
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
  EXPECT_EQ(hash_of(images(Pathfinder({32, 14}), 100)), 17035705215676615619u);
  EXPECT_EQ(hash_of(images(Pathfinder({128, 14}), 10)), 147431781257904021u);
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
