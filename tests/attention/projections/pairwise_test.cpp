#include "regard/attention/projections/pairwise.hpp"

#include <gtest/gtest.h>

#include "attention/projections/sizes.hpp"
#include "harness/expand.hpp"

namespace regard::attention::projections {
namespace {

TEST(Pairwise, IsThreeMatricesThatItsExpansionNames) { harness::expand("pairwise"); }

TEST(Pairwise, StartsAsSymmetricAndLeavesIt) {
  Parameters p;
  for (const auto& spec : Pairwise().parameters(kSize)) {
    p.push_back(harness::random(spec.shape, static_cast<int64_t>(p.size()) + 1));
  }
  EXPECT_EQ(Pairwise().parameters(kSize).back().start, Start::kIdentity);
  const auto x = harness::random({2, 7, 12}, 1);
  const auto made = Pairwise().all(p, kSize, x);
  EXPECT_LE(harness::relative(made.k, at::matmul(made.q, p.back())), 1e-14);
  EXPECT_LE(harness::relative(Pairwise().key_value(p, kSize, x).k, made.k), 1e-14);
}

}  // namespace
}  // namespace regard::attention::projections
