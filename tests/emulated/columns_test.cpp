// CUDA kernels of column sums, GELU with its bias, and changes of basis, run on the CPU, against
// double.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/columns.cu"
#include "regard/kernels/cuda/prepare_weights.cu"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;
using testing::Values;

double exact_gelu(double u) { return u * 0.5 * (1 + std::erf(u / std::sqrt(2.0))); }

TEST(EmulatedColumns, SumsRowsOfAnyCount) {
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{1, 8}, {37, 264}, {5000, 16}}) {
    const auto x = normal(rows * columns, 1);
    const auto given = floats(x);
    std::vector<float> sums(columns, NAN), scratch(column_sums_scratch(rows, columns), NAN);
    ASSERT_EQ(column_sums(Storage::kFloat, given.data(), rows, columns, sums.data(), scratch.data(),
                          nullptr),
              0);
    for (int64_t c = 0; c < columns; ++c) {
      double expected = 0;
      for (int64_t r = 0; r < rows; ++r) expected += x[r * columns + c];
      EXPECT_NEAR(sums[c], expected, 1e-5 * std::sqrt(static_cast<double>(rows)) + 1e-5);
    }
  }
}

TEST(EmulatedColumns, GeluAndItsGradientByDifferences) {
  const int64_t rows = 45, columns = 272;
  const auto x = normal(rows * columns, 1), bias = normal(columns, 2),
             g = normal(rows * columns, 3);
  const auto xf = floats(x), bf = floats(bias), gf = floats(g);
  std::vector<float> y(x.size(), NAN), dx(x.size(), NAN), dbias(columns, NAN),
      scratch(column_sums_scratch(rows, columns), NAN);
  ASSERT_EQ(bias_gelu(Storage::kFloat, xf.data(), bf.data(), y.data(), rows, columns, nullptr), 0);
  ASSERT_EQ(bias_gelu_backward(Storage::kFloat, xf.data(), bf.data(), gf.data(), dx.data(), rows,
                               columns, dbias.data(), scratch.data(), nullptr),
            0);
  std::vector<double> sums(columns);
  for (int64_t i = 0; i < rows * columns; ++i) {
    const double u = x[i] + bias[i % columns];
    EXPECT_NEAR(y[i], exact_gelu(u), 2e-6);
    const double slope = (exact_gelu(u + 1e-5) - exact_gelu(u - 1e-5)) / 2e-5;
    EXPECT_NEAR(dx[i], g[i] * slope, 1e-5);
    sums[i % columns] += g[i] * slope;
  }
  for (int64_t c = 0; c < columns; ++c) EXPECT_NEAR(dbias[c], sums[c], 1e-4);
}

TEST(EmulatedColumns, GeluIn16BitsIsTheExactOneRounded) {
  const int64_t columns = 8, rows = 2001;
  std::vector<__nv_bfloat16> x(rows * columns), one(rows * columns, __float2bfloat16_rn(1.0f)),
      y = x, dx = x;
  for (int64_t i = 0; i < rows * columns; ++i) {
    x[i] = __float2bfloat16_rn(static_cast<float>(i - 8000) * 1e-3f);
  }
  const std::vector<float> bias(columns, 0.0f);
  std::vector<float> dbias(columns), scratch(column_sums_scratch(rows, columns));
  ASSERT_EQ(bias_gelu(Storage::kBFloat16, x.data(), bias.data(), y.data(), rows, columns, nullptr),
            0);
  ASSERT_EQ(bias_gelu_backward(Storage::kBFloat16, x.data(), bias.data(), one.data(), dx.data(),
                               rows, columns, dbias.data(), scratch.data(), nullptr),
            0);
  for (int64_t i = 0; i < rows * columns; ++i) {
    const double u = __bfloat162float(x[i]);
    const double slope = (exact_gelu(u + 1e-5) - exact_gelu(u - 1e-5)) / 2e-5;
    EXPECT_NEAR(__bfloat162float(y[i]), exact_gelu(u), std::abs(exact_gelu(u)) / 256 + 1e-6) << u;
    EXPECT_NEAR(__bfloat162float(dx[i]), slope, std::abs(slope) / 256 + 2e-6) << u;
  }
}

TEST(EmulatedChangeOfBasis, BothSidesAndTheTransposed) {
  for (const auto& [heads, d, others] :
       {std::tuple<int64_t, int64_t, int64_t>{3, 10, 7}, {2, 70, 33}, {1, 64, 1}}) {
    const auto w = normal(heads * d * others, 1), u = normal(d * d, 2);
    const auto wf = floats(w), uf = floats(u);
    const auto extra = normal(heads * d, 3);
    const auto ef = floats(extra);
    for (const bool rows : {true, false}) {
      for (const bool transposed : {true, false}) {
        std::vector<float> out(w.size(), NAN), extra_out(extra.size(), NAN);
        // Between casts, and often enough for two launches.
        std::vector<float> copies(40 * w.size(), NAN);
        std::vector<Weight> weights;
        for (std::size_t i = 0; i < 40; ++i) {
          weights.push_back({{1, 1, static_cast<int64_t>(w.size() / 4 * 4), true, false},
                             wf.data(),
                             nullptr,
                             nullptr,
                             copies.data() + i * (w.size() / 4 * 4),
                             nullptr});
        }
        weights.insert(weights.begin() + 35, {{heads, d, others, rows, transposed},
                                              wf.data(),
                                              rows ? ef.data() : nullptr,
                                              uf.data(),
                                              out.data(),
                                              extra_out.data()});
        ASSERT_EQ(prepare_weights(weights, Storage::kFloat, Storage::kFloat, nullptr), 0);
        for (std::size_t i = 0; i < 40 * (w.size() / 4 * 4); ++i) {
          ASSERT_EQ(copies[i], wf[i % (w.size() / 4 * 4)]);
        }
        for (int64_t row = 0; rows && row < heads * d; ++row) {
          double expected = 0;
          for (int64_t i = 0; i < d; ++i) {
            const int64_t j = row % d;
            expected += extra[row - j + i] * (transposed ? u[j * d + i] : u[i * d + j]);
          }
          EXPECT_NEAR(extra_out[row], expected, 1e-5);
        }
        const auto at = [&](int64_t h, int64_t i, int64_t other) {
          return rows ? (h * d + i) * others + other : other * heads * d + h * d + i;
        };
        for (int64_t h = 0; h < heads; ++h) {
          for (int64_t j = 0; j < d; ++j) {
            for (int64_t o = 0; o < others; ++o) {
              double expected = 0;
              for (int64_t i = 0; i < d; ++i) {
                expected += w[at(h, i, o)] * (transposed ? u[j * d + i] : u[i * d + j]);
              }
              EXPECT_NEAR(out[at(h, j, o)], expected, 1e-5);
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace regard::kernels::cuda
