// Elementwise CUDA kernels, run on the CPU.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/elementwise.cu"

namespace regard::kernels::cuda {
namespace {

using testing::factor;
using testing::floats;
using testing::normal;

TEST(EmulatedElementwise, DropoutDrawsTheNumbersOfTheCpu) {
  for (const int64_t count : {1, 6, 4096}) {
    const auto x = floats(normal(count, 1));
    std::vector<float> y(count, NAN);
    const int64_t step = 11;
    ASSERT_EQ(dropout_apply(Storage::kFloat, x.data(), y.data(), count, make_draw(0.4, 9, &step, 2),
                            nullptr),
              0);
    for (int64_t i = 0; i < count; ++i) {
      EXPECT_FLOAT_EQ(y[i], static_cast<float>(x[i] * factor(0.4, 9, step, 2, i)));
    }
  }
}

TEST(EmulatedElementwise, SumsOverABatch) {
  for (const int64_t batch : {1, 3, 9}) {
    const int64_t count = 8 * 70;
    const auto g = floats(normal(batch * count, 5));
    std::vector<float> out(count, NAN);
    ASSERT_EQ(batch_sums(Storage::kFloat, g.data(), out.data(), batch, count, nullptr), 0);
    for (int64_t i = 0; i < count; ++i) {
      float expected = 0;
      for (int64_t b = 0; b < batch; ++b) expected += g[b * count + i];
      EXPECT_EQ(out[i], expected);
    }
  }
}

TEST(EmulatedElementwise, EmbedsAndMarks) {
  const std::vector<int64_t> ids = {2, 0, 1, 2, 2, 1};  // (2, 3)
  const auto table = floats(normal(3 * 8, 1)), positions = floats(normal(3 * 8, 2));
  std::vector<float> out(6 * 8, NAN), ones(6 * 8, NAN);
  ASSERT_EQ(embed(Storage::kFloat, ids.data(), table.data(), positions.data(), out.data(), 2, 3, 8,
                  nullptr),
            0);
  ASSERT_EQ(one_hot(Storage::kFloat, ids.data(), ones.data(), 6, 8, nullptr), 0);
  for (int64_t n = 0; n < 6; ++n) {
    for (int64_t i = 0; i < 8; ++i) {
      EXPECT_EQ(out[n * 8 + i], table[ids[n] * 8 + i] + positions[n % 3 * 8 + i]);
      EXPECT_EQ(ones[n * 8 + i], ids[n] == i ? 1.0f : 0.0f);
    }
  }
}

}  // namespace
}  // namespace regard::kernels::cuda
