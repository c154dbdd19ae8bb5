// The gradient of an embedding table, the CUDA kernel run on the CPU, against double.
#define REGARD_EMULATE_CUDA
#include "regard/kernels/cuda/table_gradient.cu"

#include <gtest/gtest.h>

#include "emulated/values.hpp"

namespace regard::kernels::cuda {
namespace {

using testing::normal;

template <class T>
void check(const TableGradient& p) {
  const auto values = normal(p.tokens * p.width, 1);
  std::vector<uint4> memory(values.size() / 8);
  auto* const g = reinterpret_cast<T*>(memory.data());
  for (std::size_t i = 0; i < values.size(); ++i)
    g[i] = from_float<T>(static_cast<float>(values[i]));
  std::vector<int64_t> ids;
  std::mt19937 random(2);
  // A few ids come often, some never; one lies outside of the table.
  for (int64_t t = 0; t < p.tokens; ++t)
    ids.push_back(random() % 3 ? random() % p.rows : p.rows / 2);
  if (p.tokens > 70) ids[70] = p.rows;
  std::vector<double> expected(p.rows * p.width);
  for (int64_t t = 0; t < p.tokens; ++t) {
    if (ids[t] >= p.rows) continue;
    for (int64_t c = 0; c < p.width; ++c)
      expected[ids[t] * p.width + c] += to_float(g[t * p.width + c]);
  }
  std::vector<float> dtable(p.rows * p.width, NAN), scratch(table_gradient_scratch(p), NAN);
  ASSERT_EQ(table_gradient(p, g, ids.data(), dtable.data(), scratch.data(), nullptr), 0);
  for (std::size_t i = 0; i < dtable.size(); ++i) {
    ASSERT_NEAR(dtable[i], expected[i], 1e-4) << "row " << i / p.width << " column " << i % p.width;
  }
}

TEST(EmulatedTableGradient, SumsTheRowsOfEachId) {
  // Less than a run; a whole run; more runs than blocks and slots have turns.
  for (const int64_t tokens : {1, 64, 5 * 64 * 7 + 13}) {
    check<__nv_bfloat16>({Storage::kBFloat16, tokens, 60, 128});
  }
  check<__nv_bfloat16>({Storage::kBFloat16, 300, 257, 256});
  check<__half>({Storage::kHalf, 200, 320, 128});
}

TEST(EmulatedTableGradient, RefusesWhatItDoesNotTake) {
  EXPECT_FALSE(table_gradient_takes({Storage::kFloat, 64, 60, 128}));
  EXPECT_FALSE(table_gradient_takes({Storage::kHalf, 64, 321, 128}));
  EXPECT_FALSE(table_gradient_takes({Storage::kHalf, 64, 60, 64}));
  EXPECT_FALSE(table_gradient_takes({Storage::kHalf, 0, 60, 128}));
}

}  // namespace
}  // namespace regard::kernels::cuda
