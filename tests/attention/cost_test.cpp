// Costs of any size: positive, finite, exact where doubles are.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "regard/attention/phrase.hpp"

namespace regard::attention {
namespace {

Cost cost_of(const std::string& text, int64_t length, int64_t batch = 1, bool causal = false) {
  const auto phrase = parse_phrase(text);
  return phrase.fold->cost({.batch = batch,
                            .heads = 8,
                            .kv_heads = 8,
                            .queries = length,
                            .keys = length,
                            .width = 64,
                            .graph = phrase.graph->make(causal)});
}

TEST(Cost, LeavesSixtyFourBitsWithoutALoop) {
  const double length = 1e10;
  EXPECT_EQ(cost_of("softmax", 10'000'000'000).flops, 4 * 8 * 64 * length * length);
  EXPECT_EQ(cost_of("linear", 10'000'000'000).flops, 4 * 8 * 64 * 64 * length);
  EXPECT_EQ(cost_of("softmax", 10'000'000'000).bytes, 4 * 4 * 8 * 64 * length);
  const double window = cost_of("window(width=64)+sigmoid", 10'000'000'000).flops;
  EXPECT_NEAR(window / (4 * 8 * 64 * 127 * length), 1, 1e-6);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const char* fold : {"softmax", "sigmoid", "hrr", "linear", "mean", "off"}) {
    for (const char* graph : {"full", "causal", "window(width=64)", "window(left=3,global=5)"}) {
      const auto cost = cost_of(std::string(graph) + "+" + fold, kMost, kMost);
      EXPECT_TRUE(std::isfinite(cost.flops) && cost.flops >= 0) << graph << "+" << fold;
      EXPECT_TRUE(std::isfinite(cost.bytes) && cost.bytes > 1e38) << graph << "+" << fold;
    }
  }
}

// What `regard explain` asks: the table answers for any length, without a sum that overflows.
TEST(Cost, TablesAnswerForAnyLength) {
  const int64_t most = std::numeric_limits<int64_t>::max();
  for (const char* text : {"softmax", "window(width=64)+hrr", "window(width=64)", "linear"}) {
    const auto phrase = parse_phrase(text);
    const auto rows = candidates(*phrase.fold, phrase.fold_name,
                                 {.batch = 1,
                                  .heads = 8,
                                  .kv_heads = 8,
                                  .queries = most,
                                  .keys = most,
                                  .width = 64,
                                  .graph = phrase.graph->make(false)});
    EXPECT_FALSE(rows.empty());
    EXPECT_EQ(rows.back().name, "reference");
    EXPECT_FALSE(rows.back().support.ok);
  }
}

}  // namespace
}  // namespace regard::attention
