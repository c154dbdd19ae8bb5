// What makes two runs the same: the identity of a recipe.
#include "regard/lab/recipe.hpp"

#include <gtest/gtest.h>

namespace regard::lab {
namespace {

TEST(Identity, AWarmupReadsAsBeforeItsNumberWasTakenAsGiven) {
  Recipe recipe;
  recipe.train.steps = 800;
  const auto text = recipe.identity();
  EXPECT_NE(text.find("\nwarmup = 50\n"), std::string::npos) << text;
  recipe.train.warmup = 50;
  EXPECT_EQ(recipe.identity(), text);
  recipe.train.steps = 200;
  const auto given = recipe.identity();
  recipe.train.warmup = -1;
  EXPECT_NE(recipe.identity(), given) << "50 steps as given are not 50 cut to 20";
  EXPECT_NE(recipe.identity().find("\nwarmup = 50\n"), std::string::npos);
  recipe.train.epochs = 3;
  EXPECT_NE(recipe.identity().find("\nwarmup = 50\n"), std::string::npos);
  recipe.train.warmup = 10;
  EXPECT_NE(recipe.identity().find("\nwarmup = 10\n"), std::string::npos);
}

TEST(Identity, HasALaterOptionOnlyWhereItIsSet) {
  Recipe recipe;
  for (const char* later :
       {"min_delta", "attention_dropout", "activation_dropout", "encoding", "empty"}) {
    EXPECT_EQ(recipe.identity().find(later), std::string::npos) << later;
  }
  EXPECT_NE(recipe.identity().find("\nearly_stop = 0\n"), std::string::npos);
  recipe.train.min_delta = 0.01;
  EXPECT_NE(recipe.identity().find("\nmin_delta = 0.01\n"), std::string::npos);
}

TEST(Recipe, NamesTasksAndModels) {
  Recipe recipe;
  EXPECT_NO_THROW(run::set_option(recipe.tables(), "data", "task", std::string("pairs"), "--task"));
  EXPECT_NO_THROW(
      run::set_option(recipe.tables(), "model", "kind", std::string("pair_classifier"), "--model"));
  EXPECT_NO_THROW(
      run::set_option(recipe.tables(), "train", "best", std::string("macro_f1"), "--set"));
}

}  // namespace
}  // namespace regard::lab
