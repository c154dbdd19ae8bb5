// The CUDA kernels of the mean over tokens, run on the CPU, against double.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/mean_rows.cu"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;

TEST(EmulatedMeanRows, SkipsPaddingInBothDirections) {
  for (const auto& [batch, rows, columns] :
       {std::tuple<int64_t, int64_t, int64_t>{3, 37, 8}, {1, 1000, 264}, {4, 1, 16}}) {
    for (const bool ragged : {false, true}) {
      const auto x = normal(batch * rows * columns, 1), g = normal(batch * columns, 2);
      std::vector<int64_t> lengths;  // from none to all
      for (int64_t b = 0; b < batch; ++b)
        lengths.push_back(batch == 1 ? rows - 1 : rows * b / (batch - 1));
      const MeanRows problem{batch, rows, columns, ragged ? lengths.data() : nullptr};
      const auto xf = floats(x), gf = floats(g);
      std::vector<float> y(g.size(), NAN), dx(x.size(), NAN),
          scratch(mean_rows_scratch(problem), NAN);
      ASSERT_EQ(mean_rows(problem, Storage::kFloat, xf.data(), y.data(), scratch.data(), nullptr),
                0);
      ASSERT_EQ(mean_rows_backward(problem, Storage::kFloat, gf.data(), dx.data(), nullptr), 0);
      for (int64_t b = 0; b < batch; ++b) {
        const int64_t length = ragged ? lengths[b] : rows;
        for (int64_t c = 0; c < columns; ++c) {
          double sum = 0;
          for (int64_t t = 0; t < rows; ++t) {
            const int64_t at = (b * rows + t) * columns + c;
            if (t < length) sum += x[at];
            const double expected =
                t < length ? g[b * columns + c] / static_cast<double>(length) : 0.0;
            ASSERT_NEAR(dx[at], expected, 1e-6 * std::abs(expected));
          }
          const double mean = length > 0 ? sum / static_cast<double>(length) : 0.0;
          ASSERT_NEAR(y[b * columns + c], mean, 1e-5) << b << " " << c;
        }
      }
    }
  }
}

}  // namespace
}  // namespace regard::kernels::cuda
