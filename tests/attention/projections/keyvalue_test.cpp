#include "regard/attention/projections/keyvalue.hpp"

#include <gtest/gtest.h>

#include "harness/expand.hpp"

namespace regard::attention::projections {
namespace {
using torch::Tensor;

TEST(KeyValueProjection, KeysAndValuesAreOneRow) {
  const Size size{.model_width = 12, .heads = 3, .head_width = 5};
  Parameters p;
  int64_t seed = 20;
  for (const auto& spec : KeyValueShared().parameters(size)) {
    p.push_back(harness::random(spec.shape, seed++));
  }
  const auto x = harness::random({2, 7, 12}, 1), memory = harness::random({2, 4, 12}, 2);
  const auto rows = [&](const Tensor& input, std::size_t at) {
    return (at::matmul(input, p[at].t()) + p[at + 1])
        .view({2, input.size(1), 3, 5})
        .transpose(1, 2);
  };
  const auto [q, k, v] = KeyValueShared().all(p, size, x);
  EXPECT_LE(harness::relative(q, rows(x, 0)), 1e-14);
  EXPECT_LE(harness::relative(k, rows(x, 2)), 1e-14);
  EXPECT_TRUE(at::equal(k, v));
  EXPECT_LE(harness::relative(KeyValueShared().key_value(p, size, memory).v, rows(memory, 2)),
            1e-14);
  EXPECT_EQ(count_parameters(KeyValueShared().parameters(size)), 2 * (12 * 15 + 15));
}

TEST(KeyValueProjection, AFoldOfValuesAloneHasNoQueries) {
  const Size size{.model_width = 12,
                  .heads = 3,
                  .head_width = 5,
                  .uses = {.q = false, .k = false, .v = true},
                  .bias = false};
  EXPECT_EQ(count_parameters(KeyValueShared().parameters(size)), 12 * 15);
  const Parameters p = {harness::random({15, 12}, 3)};
  const auto made = KeyValueShared().all(p, size, harness::random({2, 7, 12}, 1));
  EXPECT_FALSE(made.q.defined() || made.k.defined());
  EXPECT_TRUE(made.v.defined());
}

TEST(KeyValueProjection, IsThreeMatricesThatItsExpansionNames) { harness::expand("keyvalue"); }

TEST(KeyValueProjection, GenerationKeepsOneRow) {
  const Size size{.model_width = 12, .heads = 3, .head_width = 5};
  Parameters p;
  int64_t seed = 20;
  for (const auto& spec : KeyValueShared().parameters(size)) {
    p.push_back(harness::random(spec.shape, seed++));
  }
  const auto x = harness::random({2, 7, 12}, 1);
  const auto [q, rows] = KeyValueShared().extend(p, size, x);
  ASSERT_EQ(rows.size(), 1u);
  const auto all = KeyValueShared().all(p, size, x);
  const auto [k, v] = KeyValueShared().read(p, size, rows);
  EXPECT_TRUE(at::equal(q, all.q) && at::equal(k, all.k) && at::equal(v, all.v));
}

}  // namespace
}  // namespace regard::attention::projections
