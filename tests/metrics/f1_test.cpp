#include "regard/metrics/f1.hpp"

#include <gtest/gtest.h>

#include "made.hpp"

namespace regard::metrics {
namespace {

TEST(MacroF1, IsThatOfScikitLearn) {
  // f1_score(average="macro") of scikit-learn 1.9.1.
  EXPECT_NEAR(macro_f1({{0, 2, 2, 2, 1, 3}, {0, 1, 2, 2, 1, 0}, {}}), 0.5333333333333333, 1e-15);
  EXPECT_NEAR(macro_f1(made_predictions()), 0.7147224108015503, 1e-14);
}

TEST(MacroF1, CountsClassesThatOccurAlone) {
  EXPECT_EQ(macro_f1({{1, 1}, {1, 1}, {}}), 1);
  EXPECT_EQ(macro_f1({{0, 0}, {1, 1}, {}}), 0);
  EXPECT_EQ(macro_f1({}), 0);
}

}  // namespace
}  // namespace regard::metrics
