#include "regard/attention/graphs/full.hpp"

#include <gtest/gtest.h>

#include "harness/mask.hpp"

namespace regard::attention::graphs {
namespace {

TEST(Full, IsEveryPairAndCausalInACausalCall) {
  EXPECT_TRUE(Full().facts(false).allows(0, 8, {9, 9}));
  EXPECT_FALSE(Full().facts(true).allows(0, 8, {9, 9}));
  EXPECT_EQ(Full().facts(false).pairs({9, 9}), 81);
  harness::mask_is_predicate("full");
}

}  // namespace
}  // namespace regard::attention::graphs
