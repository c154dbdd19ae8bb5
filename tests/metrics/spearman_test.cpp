#include "regard/metrics/spearman.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace regard::metrics {
namespace {

TEST(Spearman, IsThatOfSciPy) {
  // spearmanr of SciPy 1.17.1; two values are equal on each side.
  EXPECT_NEAR(spearman({{1, 2, 2, 3.5, -1, 7}, {2, 1, 4, 4, 0, 9}, {}}), 0.8676470588235294, 1e-15);
}

TEST(Spearman, SeesTheOrderAlone) {
  EXPECT_DOUBLE_EQ(spearman({{1, 2, 3, 4}, {1, 10, 100, 1000}, {}}), 1);
  EXPECT_DOUBLE_EQ(spearman({{1, 2, 3, 4}, {4, 3, 2, 1}, {}}), -1);
  EXPECT_TRUE(std::isnan(spearman({{1, 1}, {1, 2}, {}})));
  EXPECT_TRUE(std::isnan(spearman({{1}, {1}, {}})));
}

}  // namespace
}  // namespace regard::metrics
