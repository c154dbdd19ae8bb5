#include "regard/attention/projections/symmetric.hpp"

#include <gtest/gtest.h>

#include "attention/projections/sizes.hpp"
#include "harness/expand.hpp"

namespace regard::attention::projections {
namespace {

TEST(Symmetric, IsThreeMatricesThatItsExpansionNames) { harness::expand("symmetric"); }

TEST(Symmetric, QueriesAreKeys) {
  Parameters p;
  for (const auto& spec : Symmetric().parameters(kSize)) {
    p.push_back(harness::random(spec.shape, static_cast<int64_t>(p.size()) + 1));
  }
  const auto x = harness::random({2, 7, 12}, 1), memory = harness::random({2, 4, 12}, 2);
  const auto [q, k, v] = Symmetric().all(p, kSize, x);
  EXPECT_TRUE(at::equal(q, k));
  EXPECT_FALSE(at::equal(q, v));
  EXPECT_LE(harness::relative(Symmetric().query(p, kSize, x), q), 1e-14);
  EXPECT_LE(harness::relative(Symmetric().key_value(p, kSize, memory).v,
                              Symmetric().all(p, kSize, memory).v),
            1e-14);
}

}  // namespace
}  // namespace regard::attention::projections
