// The product that makes q, k and v and binds k and v on the way, the CUDA kernel run on the CPU,
// against double.
#define REGARD_EMULATE_CUDA
#include "regard/kernels/cuda/bind_product.cu"

#include <gtest/gtest.h>

#include "emulated/values.hpp"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;

template <class T>
std::vector<uint4> rounded(const testing::Values& values, double scale) {
  std::vector<uint4> memory(values.size() / 8);
  auto* const to = reinterpret_cast<T*>(memory.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    to[i] = from_float<T>(static_cast<float>(scale * values[i]));
  }
  return memory;
}

template <class T>
void check(const BindProduct& p, double rounding) {
  const int64_t rows = p.batch * p.length, columns = 768, width = 256 / p.heads;
  auto x = rounded<T>(normal(rows * 256, 1), 1), w = rounded<T>(normal(columns * 256, 2), 0.06);
  const auto bias = floats(normal(columns, 3));
  std::vector<uint4> y(rows * columns / 8);
  std::vector<float> parts(p.batch * bind_product_chunks(p) * 256, NAN);
  ASSERT_EQ(bind_product(p, x.data(), w.data(), bias.data(), y.data(), parts.data(), nullptr), 0);
  const auto value = [](std::vector<uint4>& of, int64_t i) {
    return static_cast<double>(to_float(reinterpret_cast<T*>(of.data())[i]));
  };
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      double sum = bias[c];
      for (int64_t k = 0; k < 256; ++k) sum += value(x, r * 256 + k) * value(w, c * 256 + k);
      ASSERT_NEAR(value(y, r * columns + c), sum, rounding * std::abs(sum) + 1e-5) << r << " " << c;
    }
  }
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t h = 0; h < p.heads; ++h) {
      for (int64_t slot = 0; slot < width / 2; ++slot) {
        double re = 0, im = 0;
        for (int64_t t = 0; t < p.length; ++t) {
          const int64_t k = (b * p.length + t) * columns + 256 + h * width + slot, v = k + 256;
          const double kr = value(y, k), ki = value(y, k + width / 2), vr = value(y, v),
                       vi = value(y, v + width / 2);
          re += slot == 0 ? kr * vr : kr * vr - ki * vi;
          im += slot == 0 ? ki * vi : kr * vi + ki * vr;
        }
        double came_re = 0, came_im = 0;
        for (int64_t c = 0; c < bind_product_chunks(p); ++c) {
          const int64_t at = (b * bind_product_chunks(p) + c) * 256 + h * width + slot;
          came_re += parts[at];
          came_im += parts[at + width / 2];
        }
        ASSERT_NEAR(came_re, re, 1e-3) << b << " " << h << " " << slot;
        ASSERT_NEAR(came_im, im, 1e-3) << b << " " << h << " " << slot;
      }
    }
  }
}

TEST(EmulatedBindProduct, MakesRowsAndTheirBoundSum) {
  // A tile for one pair alone; fewer and more tiles than blocks have turns, in two sequences.
  check<__nv_bfloat16>({Storage::kBFloat16, 1, 64, 8}, 1.0 / 256);
  check<__nv_bfloat16>({Storage::kBFloat16, 2, 64 * 3, 4}, 1.0 / 256);
  check<__half>({Storage::kHalf, 2, 64 * 5, 16}, 1.0 / 2048);
}

TEST(EmulatedBindProduct, RefusesWhatItDoesNotTake) {
  EXPECT_FALSE(bind_product_takes({Storage::kFloat, 1, 64, 8}));
  EXPECT_FALSE(bind_product_takes({Storage::kHalf, 1, 65, 8}));
  EXPECT_FALSE(bind_product_takes({Storage::kHalf, 1, 64, 2}));
  EXPECT_FALSE(bind_product_takes({Storage::kHalf, 0, 64, 8}));
}

}  // namespace
}  // namespace regard::kernels::cuda
