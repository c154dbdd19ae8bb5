#include "regard/lab/small_text.hpp"

#include <algorithm>
#include <cmath>

namespace regard::lab {
namespace {

constexpr double kMostEpochs = 20, kLeastEpochs = 1;
// Tokens of training that take about 50 s on two cores at the width below; larger data gets more.
constexpr double kTokens = 6e6, kRows = 10000;

template <class T>
void set(Recipe& recipe, const char* name, T& value, T wanted) {
  if (!recipe.named.contains(name)) value = wanted;
}

// Passes over the data within the time of a default run.
double epochs(const data::Dataset& train) {
  const double rows = static_cast<double>(train.size());
  const double budget = kTokens * std::clamp(rows / kRows, 1.0, 5.0);
  const double whole =
      std::floor(budget / static_cast<double>(std::max<int64_t>(1, train.tokens())));
  return std::clamp(whole, kLeastEpochs, kMostEpochs);
}

}  // namespace

void fit_to_size(Recipe& recipe, const data::Encoding& encoding, const data::Dataset& train) {
  const bool words = encoding.task->targets() == data::Targets::kExample && !encoding.is_image() &&
                     encoding.tokenizer->name().ends_with("words");
  if (!words) return;
  auto& trunk = recipe.model.trunk;
  set(recipe, "model.dropout", trunk.dropout, 0.3);
  set(recipe, "model.word_dropout", trunk.word_dropout, 0.2);
  auto& t = recipe.train;
  const bool length_named = recipe.named.contains("train.steps") ||
                            recipe.named.contains("train.epochs") ||
                            recipe.named.contains("train.seconds");
  if (length_named) return;
  t.epochs = epochs(train);
}

}  // namespace regard::lab
