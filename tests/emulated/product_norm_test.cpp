// A product with the residual sum, dropout and norm after it, the CUDA kernel run on the CPU,
// against double.
#define REGARD_EMULATE_CUDA
#include "regard/kernels/cuda/product_norm.cu"

#include <gtest/gtest.h>

#include "emulated/matrix.hpp"

namespace regard::kernels::cuda {
namespace {

using testing::factor;
using testing::floats;
using testing::Matrix;
using testing::normal;
using testing::Values;

constexpr double kEps = 1e-3;
constexpr uint32_t kSite = 5;

struct Case {
  int64_t rows;
  bool centred, bias;
  double p;
};

template <class T>
void check(Storage storage, const Case& c, double rounding) {
  const int64_t count = c.rows * kWidth, step = 9;
  Matrix<T> in(normal(count, 1), 1), weight(normal(kWidth * kWidth, 2), 0.1),
      x(normal(count, 3), 2), x_out(count), h(count);
  const auto bias = floats(normal(kWidth, 4)), gamma = floats(normal(kWidth, 5)),
             beta = floats(normal(kWidth, 6));
  std::vector<float> stats(2 * c.rows + 2, 77.0f);
  AddNormProblem problem{c.rows, kWidth, storage, storage, c.centred, static_cast<float>(kEps), {}};
  if (c.p > 0) problem.draw = make_draw(c.p, 3, &step, kSite);
  ASSERT_EQ(product_norm(problem, in.data(), weight.data(), c.bias ? bias.data() : nullptr,
                         x.data(), gamma.data(), c.centred ? beta.data() : nullptr, x_out.data(),
                         h.data(), stats.data(), nullptr),
            0);
  for (int64_t r = 0; r < c.rows; ++r) {
    double mean = 0, square = 0;
    for (int64_t i = 0; i < kWidth; ++i) {
      double product = 0;
      for (int64_t k = 0; k < kWidth; ++k) product += in[r * kWidth + k] * weight[i * kWidth + k];
      const int64_t at = r * kWidth + i;
      const double m = c.p > 0 ? factor(c.p, 3, step, kSite, at) : 1;
      const double added = m * (product + (c.bias ? bias[i] : 0)), sum = x[at] + added;
      // Two roundings: of the product, and of the sum.
      ASSERT_NEAR(x_out[at], sum, rounding * (m * std::abs(product) + std::abs(sum)) + 1e-4)
          << r << " " << i;
      mean += x_out[at] / kWidth;
    }
    if (!c.centred) mean = 0;
    for (int64_t i = 0; i < kWidth; ++i) {
      square += std::pow(x_out[r * kWidth + i] - mean, 2) / kWidth;
    }
    const double inverse = 1 / std::sqrt(square + kEps);
    ASSERT_NEAR(stats[2 * r], mean, 1e-5) << r;
    ASSERT_NEAR(stats[2 * r + 1], inverse, 1e-5 * inverse) << r;
    for (int64_t i = 0; i < kWidth; ++i) {
      const double expected =
          (x_out[r * kWidth + i] - mean) * inverse * gamma[i] + (c.centred ? beta[i] : 0);
      ASSERT_NEAR(h[r * kWidth + i], expected, rounding * std::abs(expected) + 1e-4)
          << r << " " << i;
    }
  }
  EXPECT_TRUE(x_out.guarded() && h.guarded());
  EXPECT_TRUE(stats[2 * c.rows] == 77.0f && stats[2 * c.rows + 1] == 77.0f);
}

TEST(EmulatedProductNorm, AnyCountOfRows) {
  // One row; a tile and some; more tiles than one turn of all blocks has, and an odd number of
  // them.
  for (const int64_t rows : {1, 77, 64 * 11}) {
    check<__nv_bfloat16>(Storage::kBFloat16, {rows, true, true, 0}, 1.0 / 256);
  }
}

TEST(EmulatedProductNorm, DropoutRmsAndNoBias) {
  check<__nv_bfloat16>(Storage::kBFloat16, {100, true, true, 0.3}, 1.0 / 256);
  check<__half>(Storage::kHalf, {65, false, true, 0.5}, 1.0 / 2048);
  check<__half>(Storage::kHalf, {20, true, false, 0}, 1.0 / 2048);
}

TEST(EmulatedProductNorm, RefusesWhatItDoesNotTake) {
  const auto takes = [](Storage stream, Storage branch, int64_t rows, int width) {
    return product_norm_takes({rows, width, stream, branch, true, 1e-5f, {}});
  };
  EXPECT_TRUE(takes(Storage::kHalf, Storage::kHalf, 1, 256));
  EXPECT_FALSE(takes(Storage::kFloat, Storage::kHalf, 1, 256));
  EXPECT_FALSE(takes(Storage::kFloat, Storage::kFloat, 1, 256));
  EXPECT_FALSE(takes(Storage::kHalf, Storage::kHalf, 1, 128));
  EXPECT_FALSE(takes(Storage::kHalf, Storage::kHalf, 0, 256));
}

}  // namespace
}  // namespace regard::kernels::cuda
