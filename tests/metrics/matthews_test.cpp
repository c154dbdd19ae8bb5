#include "regard/metrics/matthews.hpp"

#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::metrics {
namespace {

TEST(Matthews, IsThatOfScikitLearn) {
  // matthews_corrcoef of scikit-learn 1.9.1.
  EXPECT_NEAR(matthews({{1, 0, 1, 1}, {1, 1, 1, 0}, {}}), -1.0 / 3, 1e-15);
  EXPECT_NEAR(matthews({{0, 2, 2, 2, 1, 3}, {0, 1, 2, 2, 1, 0}, {}}), 0.5833333333333334, 1e-15);
  EXPECT_NEAR(matthews(made_predictions()), 0.6682600023478752, 1e-14);
}

TEST(Matthews, IsOneForAllRightAndZeroForOneAnswer) {
  EXPECT_EQ(matthews({{0, 1, 2}, {0, 1, 2}, {}}), 1);
  EXPECT_EQ(matthews({{1, 0, 0, 1}, {0, 1, 1, 0}, {}}), -1);
  EXPECT_EQ(matthews({{1, 1, 1}, {0, 1, 1}, {}}), 0);
  EXPECT_EQ(matthews({{1, 1}, {1, 1}, {}}), 0);
  EXPECT_EQ(matthews({}), 0);
}

}  // namespace
}  // namespace regard::metrics
