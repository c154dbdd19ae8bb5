// Points by their start, by file, and the random numbers that they are drawn from.
#include "regard/theory/particles/starts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "regard/base/distributions.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::particles {
namespace {

TEST(Distributions, HaveTheirMoments) {
  Random random(3, RandomStream::kTest);
  const int n = 200000;
  double sum = 0, square = 0, fourth = 0;
  for (int i = 0; i < n; ++i) {
    const double x = normal(random);
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
  }
  EXPECT_NEAR(sum / n, 0, 0.01);
  EXPECT_NEAR(square / n, 1, 0.015);
  EXPECT_NEAR(fourth / n, 3, 0.1);
  for (const double shape : {0.3, 1.0, 4.5}) {
    double mean = 0, second = 0;
    for (int i = 0; i < n; ++i) {
      const double x = gamma(random, shape);
      EXPECT_GT(x, 0);
      mean += x;
      second += x * x;
    }
    mean /= n;
    EXPECT_NEAR(mean, shape, 0.03);
    EXPECT_NEAR(second / n - mean * mean, shape, 0.12);
  }
  double share = 0;
  for (int i = 0; i < n; ++i) share += beta(random, 2, 6);
  EXPECT_NEAR(share / n, 0.25, 0.005);
}

Cloud start_of(const std::string& init, int64_t n, int64_t d) {
  PointsSpec spec;
  spec.init = init;
  spec.n = n;
  spec.d = d;
  return make_start(spec).cloud;
}

TEST(Starts, LieOnTheSphereAndDependOnTheSeedAlone) {
  for (const std::string init : {"uniform", "caps", "vmf"}) {
    for (const int64_t d : {2, 3, 8}) {
      const auto cloud = start_of(init, 40, d);
      ASSERT_EQ(cloud.size(), 40);
      for (int64_t i = 0; i < 40; ++i) {
        double square = 0;
        for (int64_t c = 0; c < d; ++c) square += cloud.row(i)[c] * cloud.row(i)[c];
        EXPECT_NEAR(square, 1, 1e-14);
      }
      EXPECT_EQ(cloud.x, start_of(init, 40, d).x);
    }
  }
}

TEST(Starts, CapsAreAsWideAndAsFarApartAsAsked) {
  PointsSpec spec;
  spec.init = "caps";
  spec.n = 30;
  spec.d = 3;
  spec.clusters = 3;
  spec.angle = 1.2;
  spec.spread = 0.1;
  const auto cloud = make_start(spec).cloud;
  for (int64_t i = 0; i < 30; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      const double angle = angle_of(gap(cloud, i, j));
      if (i % 3 == j % 3) {
        EXPECT_LE(angle, 0.2);
      } else {
        EXPECT_GE(angle, 1.0);
      }
    }
  }
}

TEST(Starts, ConcentrationOfTheMixture) {
  // E <x, mean> = coth(k) - 1/k on the sphere (d = 3), I_1(k) / I_0(k) on the circle.
  for (const auto& [d, expected] : {std::pair{int64_t{3}, 1 / std::tanh(5.0) - 0.2},
                                    {int64_t{2}, 24.33564214245053 / 27.239871823604442}}) {
    PointsSpec spec;
    spec.init = "vmf";
    spec.n = 20000;
    spec.d = d;
    spec.clusters = 1;
    spec.kappa = 5;
    const auto cloud = make_start(spec).cloud;
    double square = 0;
    for (int64_t c = 0; c < d; ++c) {
      double mean = 0;
      for (int64_t i = 0; i < cloud.size(); ++i) mean += cloud.mass[i] * cloud.row(i)[c];
      square += mean * mean;
    }
    EXPECT_NEAR(std::sqrt(square), expected, 0.01);
  }
}

TEST(Starts, WellPreparedPointsMergeIntoTheFirst) {
  PointsSpec spec;
  spec.init = "prepared";
  spec.n = 6;
  spec.angle = 2.4;
  const auto cloud = make_start(spec).cloud;
  std::vector<double> angles;
  for (int64_t i = 0; i < 6; ++i) angles.push_back(std::atan2(cloud.row(i)[1], cloud.row(i)[0]));
  EXPECT_NEAR(angles.back() - angles.front(), 2.4, 1e-12);
  for (std::size_t i = 1; i + 1 < angles.size(); ++i)
    EXPECT_LT(angles[i] - angles[0], angles[i + 1] - angles[i]);
}

class File : public ::testing::Test {
 protected:
  Start read(const std::string& text, const std::string& weights = "") {
    write_atomically(path_, text);
    return read_points(path_.string(), weights);
  }
  std::string refusal(const std::string& text, const std::string& weights = "") {
    try {
      read(text, weights);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("regard-points-" + std::to_string(::getpid()));
};

TEST_F(File, HeaderWeightsSeparatorsAndLengths) {
  const auto start = read(
      "\xEF\xBB\xBF"
      "a;w;b\r\n3;1;4\r\n\r\n0;3;1\r\n",
      "w");
  EXPECT_EQ(start.cloud.dim, 2);
  EXPECT_EQ(start.cloud.mass, (std::vector<double>{0.25, 0.75}));
  EXPECT_NEAR(start.cloud.x[0], 0.6, 1e-15);
  EXPECT_NEAR(start.cloud.x[1], 0.8, 1e-15);
  ASSERT_EQ(start.said.size(), 1u);
  EXPECT_EQ(start.said[0], "1 of 2 rows were scaled to length 1");
  EXPECT_TRUE(read("1,0\n0,1\n").said.empty());
  EXPECT_EQ(read("1e200\t1e200\n0\t-1e-200\n").cloud.x[3], -1);
  EXPECT_EQ(read("1,2,3\n4,5,6\n", "3").cloud.mass[0], 3.0 / 9);
}

TEST_F(File, MistakesAreNamedByLine) {
  EXPECT_NE(refusal("1,0\n0,0\n").find("line 2: a vector with a direction"), std::string::npos);
  EXPECT_NE(refusal("x,y\n1,0\n1,z\n").find("line 3: a number is expected in column 2, and \"z\""),
            std::string::npos);
  EXPECT_NE(refusal("1,0\n1,0,0\n").find("line 2: 2 columns"), std::string::npos);
  EXPECT_NE(refusal("1,inf\n").find("a number is expected"), std::string::npos);
  EXPECT_NE(refusal("x,y\n").find("no row of numbers"), std::string::npos);
  EXPECT_NE(refusal("x,y,w\n1,0,-1\n", "w").find("a weight above 0"), std::string::npos);
  EXPECT_NE(refusal("x,y,w\n1,0,1\n", "v").find("no column of weights \"v\""), std::string::npos);
  EXPECT_NE(refusal("x,w\n1,1\n", "w").find("at least 2 numbers"), std::string::npos);
}

}  // namespace
}  // namespace regard::particles
