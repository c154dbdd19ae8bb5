#include "regard/attention/graphs/causal.hpp"

#include <gtest/gtest.h>

#include "harness/mask.hpp"

namespace regard::attention::graphs {
namespace {

TEST(Causal, IsCausalInEveryCall) {
  for (const bool call : {false, true}) {
    EXPECT_EQ(Causal().facts(call).pairs({9, 9}), 45);
    EXPECT_FALSE(Causal().facts(call).allows(3, 4, {9, 9}));
  }
  harness::mask_is_predicate("causal");
}

TEST(Causal, TheLastQueryAlignsWithTheLastKey) {
  const auto graph = Causal().facts(false);
  EXPECT_TRUE(graph.allows(0, 5, {4, 9}));  // query 0 of 4 sits at position 5
  EXPECT_FALSE(graph.allows(0, 6, {4, 9}));
}

}  // namespace
}  // namespace regard::attention::graphs
