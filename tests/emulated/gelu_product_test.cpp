// Products with the GELU around them, the CUDA kernels run on the CPU, against double.
#define REGARD_EMULATE_CUDA
#include "regard/kernels/cuda/gelu_product.cu"

#include <gtest/gtest.h>

#include "emulated/matrix.hpp"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::Matrix;
using testing::normal;
using testing::Values;

double exact_gelu(double u) { return u * 0.5 * std::erfc(-u / std::sqrt(2.0)); }
double exact_slope(double u) {
  return 0.5 * std::erfc(-u / std::sqrt(2.0)) + u * std::exp(-0.5 * u * u) * 0.3989422804014327;
}

template <class T>
void check(const GeluProduct& p, double rounding) {
  const auto [storage, rows, depth, columns] = p;
  Matrix<T> x(normal(rows * depth, 1), 1), up(normal(columns * depth, 2), 0.1),
      down(normal(depth * columns, 3), 0.1), dy(normal(rows * depth, 4), 1);
  Matrix<T> before(rows * columns), y(rows * columns), dbefore(rows * columns);
  const auto bias = floats(normal(columns, 5));
  ASSERT_EQ(gelu_product(p, x.data(), up.data(), bias.data(), before.data(), y.data(), nullptr), 0);
  std::vector<float> scratch(gelu_product_scratch(p), NAN), dbias(columns, NAN);
  ASSERT_EQ(gelu_product_backward(p, dy.data(), down.data(), bias.data(), before.data(),
                                  dbefore.data(), dbias.data(), scratch.data(), nullptr),
            0);
  Values sums(columns);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      double product = 0, back = 0;
      for (int64_t k = 0; k < depth; ++k) {
        product += x[r * depth + k] * up[c * depth + k];
        back += dy[r * depth + k] * down[k * columns + c];
      }
      const int64_t at = r * columns + c;
      ASSERT_NEAR(before[at], product, rounding * std::abs(product) + 1e-5) << r << " " << c;
      const double u = before[at] + bias[c];
      ASSERT_NEAR(y[at], exact_gelu(u), rounding * std::abs(exact_gelu(u)) + 1e-6);
      const double slope = back * exact_slope(u);
      ASSERT_NEAR(dbefore[at], slope, rounding * std::abs(slope) + 1e-5);
      sums[c] += dbefore[at];
    }
  }
  for (int64_t c = 0; c < columns; ++c) ASSERT_NEAR(dbias[c], sums[c], 1e-4) << c;
  EXPECT_TRUE(before.guarded() && y.guarded() && dbefore.guarded());
}

TEST(EmulatedGeluProduct, BothWaysAtAnyCountOfRows) {
  // One row; a tile and some; more tiles than one turn of all blocks has, and an odd number of
  // them.
  for (const int64_t rows : {1, 77, 64 * 11}) {
    check<__nv_bfloat16>({Storage::kBFloat16, rows, 128, 256}, 1.0 / 256);
  }
  check<__nv_bfloat16>({Storage::kBFloat16, 130, 256, 512}, 1.0 / 256);
  check<__half>({Storage::kHalf, 65, 256, 256}, 1.0 / 2048);
}

TEST(EmulatedGeluProduct, RefusesWhatItDoesNotTake) {
  EXPECT_FALSE(gelu_product_takes({Storage::kFloat, 64, 128, 256}));
  EXPECT_FALSE(gelu_product_takes({Storage::kHalf, 64, 64, 256}));
  EXPECT_FALSE(gelu_product_takes({Storage::kHalf, 64, 128, 128}));
  EXPECT_FALSE(gelu_product_takes({Storage::kHalf, 0, 128, 256}));
  EXPECT_NE(gelu_product({Storage::kHalf, 0, 128, 256}, nullptr, nullptr, nullptr, nullptr, nullptr,
                         nullptr),
            0);
}

}  // namespace
}  // namespace regard::kernels::cuda
