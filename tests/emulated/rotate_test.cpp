// Rotary positions on packed projections, run on the CPU, against float64.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/rotate.cu"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;
using testing::Values;

Values turned(const Rotation& r, const Values& x) {
  Values y = x;
  const int64_t half = r.width / 2;
  for (int64_t row = 0; row < r.batch * r.time * r.parts * r.heads; ++row) {
    const int64_t part = row / r.heads % r.parts, t = row / (r.heads * r.parts) % r.time;
    if (part >= r.rotated) continue;
    for (int64_t i = 0; i < half; ++i) {
      const double angle = static_cast<double>(t) * (r.back ? -1 : 1) /
                           std::pow(10000.0, static_cast<double>(i) / static_cast<double>(half));
      const double a = x[row * r.width + i], b = x[row * r.width + half + i];
      y[row * r.width + i] = a * std::cos(angle) - b * std::sin(angle);
      y[row * r.width + half + i] = b * std::cos(angle) + a * std::sin(angle);
    }
  }
  return y;
}

double worst(const Values& expected, const std::vector<float>& came) {
  double most = 0;
  for (std::size_t i = 0; i < came.size(); ++i) {
    const double off = std::abs(static_cast<double>(came[i]) - expected[i]);
    if (!(off <= most)) most = off;
  }
  return most;
}

TEST(EmulatedRotate, TurnsQueriesAndKeysAndCopiesValues) {
  // Vectors of 8 pairs, single pairs, an odd channel, a single channel; places that fill a thread
  // and that do not.
  for (const int64_t width : {16, 32, 64, 10, 7, 1}) {
    for (const int64_t time : {1, 8, 37}) {
      for (const bool back : {false, true}) {
        const Rotation r{Storage::kFloat, 2, time, 3, 3, width, 2, back};
        const auto x = normal(r.batch * time * 3 * 3 * width, static_cast<int>(width));
        const auto from = floats(x);
        std::vector<float> y(from.size(), NAN);
        ASSERT_EQ(rotate(r, from.data(), y.data(), nullptr), 0);
        EXPECT_LE(worst(turned(r, x), y), 2e-6) << width << " " << time << " " << back;
      }
    }
  }
}

TEST(EmulatedRotate, FarPlacesKeepTheirAngle) {
  const Rotation r{Storage::kFloat, 1, 300000, 1, 1, 16, 1, false};
  const auto x = normal(r.time * r.width, 3);
  const auto from = floats(x);
  std::vector<float> y(from.size(), NAN);
  ASSERT_EQ(rotate(r, from.data(), y.data(), nullptr), 0);
  EXPECT_LE(worst(turned(r, x), y), 3e-6);
}

TEST(EmulatedRotate, BackUndoes) {
  Rotation r{Storage::kFloat, 2, 21, 2, 4, 32, 2, false};
  const auto x = floats(normal(r.batch * r.time * 2 * 4 * 32, 4));
  std::vector<float> y(x.size(), NAN), z(x.size(), NAN);
  ASSERT_EQ(rotate(r, x.data(), y.data(), nullptr), 0);
  r.back = true;
  ASSERT_EQ(rotate(r, y.data(), z.data(), nullptr), 0);
  EXPECT_LE(worst({x.begin(), x.end()}, z), 2e-6);
}

}  // namespace
}  // namespace regard::kernels::cuda
