// The CUDA kernel of embedding, dropout and norm, run on the CPU: bit for bit what the kernels give
// one after the other.
#define REGARD_EMULATE_CUDA
#include "regard/kernels/cuda/embed_norm.cu"

#include <gtest/gtest.h>

#include <cstring>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/elementwise.hpp"

namespace regard::kernels::cuda {
namespace {

using testing::floats;
using testing::normal;

struct Case {
  int64_t batch, length, width;
  Storage stream, h;
  bool centred, positions;
  double p;
};

std::size_t size_of(Storage storage) { return storage == Storage::kFloat ? 4 : 2; }

/// Bytes that no kernel wrote stand out.
std::vector<char> unwritten(int64_t count, Storage storage) {
  return std::vector<char>(static_cast<std::size_t>(count) * size_of(storage),
                           static_cast<char>(0x7f));
}

class EmulatedEmbedNorm : public ::testing::TestWithParam<Case> {};

TEST_P(EmulatedEmbedNorm, HasTheBitsOfTheKernelsOneAfterTheOther) {
  const Case c = GetParam();
  const int64_t rows = c.batch * c.length, count = rows * c.width, step = 7, kTable = 13;
  const auto table = floats(normal(kTable * c.width, 1)),
             positions = floats(normal(c.length * c.width, 2)), gamma = floats(normal(c.width, 3)),
             beta = floats(normal(c.width, 4));
  std::vector<int64_t> ids(static_cast<std::size_t>(rows));
  for (int64_t n = 0; n < rows; ++n) ids[n] = (n * n + n / 5) % kTable;
  const float* const places = c.positions ? positions.data() : nullptr;
  const float* const shift = c.centred ? beta.data() : nullptr;
  AddNormProblem problem{rows, static_cast<int>(c.width), c.stream, c.h, c.centred, 1e-5f, {}};

  auto sum = unwritten(count, c.stream), h = unwritten(count, c.h);
  std::vector<float> stats(2 * rows, NAN);
  ASSERT_EQ(embed(c.stream, ids.data(), table.data(), places, sum.data(), c.batch, c.length,
                  c.width, nullptr),
            0);
  const auto draw = c.p > 0 ? make_draw(c.p, 3, &step, 0) : DropoutDraw{};
  if (c.p > 0) {
    ASSERT_EQ(dropout_apply(c.stream, sum.data(), sum.data(), count, draw, nullptr), 0);
  }
  ASSERT_EQ(add_norm_forward(problem, sum.data(), nullptr, nullptr, gamma.data(), shift, nullptr,
                             h.data(), stats.data(), nullptr),
            0);

  problem.draw = draw;
  auto x_came = unwritten(count, c.stream), h_came = unwritten(count, c.h);
  std::vector<float> stats_came(2 * rows, NAN);
  ASSERT_EQ(embed_norm_forward(problem, {ids.data(), table.data(), places, kTable, c.length},
                               gamma.data(), shift, x_came.data(), h_came.data(), stats_came.data(),
                               nullptr),
            0);
  EXPECT_TRUE(x_came == sum);
  EXPECT_TRUE(h_came == h);
  EXPECT_EQ(std::memcmp(stats_came.data(), stats.data(), stats.size() * sizeof(float)), 0);
}

constexpr auto kF = Storage::kFloat, kH = Storage::kHalf, kB = Storage::kBFloat16;

// One, two and four warps a row; more rows than all blocks hold at once, so that they start anew in
// a sequence.
INSTANTIATE_TEST_SUITE_P(Shapes, EmulatedEmbedNorm,
                         ::testing::Values(Case{1, 3, 8, kF, kF, true, true, 0},
                                           Case{2, 21, 64, kF, kF, true, true, 0.3},
                                           Case{3, 7, 256, kB, kB, true, true, 0.3},
                                           Case{3, 7, 256, kF, kB, false, true, 0.2},
                                           Case{2, 9, 264, kB, kB, true, false, 0.5},
                                           Case{2, 9, 512, kH, kH, false, true, 0},
                                           Case{2, 5, 1000, kB, kB, true, true, 0.1},
                                           Case{3, 5, 1024, kF, kH, true, false, 0},
                                           Case{3, 4500, 8, kB, kB, true, true, 0.3},
                                           Case{2, 850, 264, kF, kF, true, true, 0},
                                           Case{3, 300, 520, kB, kB, true, true, 0.3}));

}  // namespace
}  // namespace regard::kernels::cuda
