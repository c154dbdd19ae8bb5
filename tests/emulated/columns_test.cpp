// CUDA kernels of column sums, GELU with its bias, and changes of basis, run on the CPU, against double.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/change_basis.cu"
#include "regard/kernels/cuda/columns.cu"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;
using testing::Values;

double gelu_of(double u) { return u * 0.5 * (1 + std::erf(u / std::sqrt(2.0))); }

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
    EXPECT_NEAR(y[i], gelu_of(u), 2e-6);
    const double slope = (gelu_of(u + 1e-5) - gelu_of(u - 1e-5)) / 2e-5;
    EXPECT_NEAR(dx[i], g[i] * slope, 1e-5);
    sums[i % columns] += g[i] * slope;
  }
  for (int64_t c = 0; c < columns; ++c) EXPECT_NEAR(dbias[c], sums[c], 1e-4);
}

TEST(EmulatedChangeOfBasis, BothSidesAndTheTransposed) {
  const int64_t heads = 3, d = 10, others = 7;
  const auto w = normal(heads * d * others, 1), u = normal(d * d, 2);
  const auto wf = floats(w), uf = floats(u);
  for (const bool rows : {true, false}) {
    for (const bool transposed : {true, false}) {
      std::vector<float> out(w.size(), NAN);
      ASSERT_EQ(change_basis({heads, d, others, rows, transposed}, Storage::kFloat, wf.data(),
                             uf.data(), Storage::kFloat, out.data(), nullptr),
                0);
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

}  // namespace
}  // namespace regard::kernels::cuda
