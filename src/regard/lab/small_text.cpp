#include "regard/lab/small_text.hpp"

#include <algorithm>
#include <cmath>

namespace regard::lab {
namespace {

// Positions of one layer of width 64 that fit into the minute of a default run; 100,000 rows get
// five times as many.
constexpr double kPositions = 7e6, kRows = 10000, kMostRows = 100000;
constexpr double kLongText = 64;                     // tokens: one layer instead of two
constexpr double kMostEpochs = 20, kFewSteps = 500;  // few rows are passed over more often

template <class T>
void set(Recipe& recipe, const char* name, T& value, T wanted) {
  if (!recipe.named.contains(name)) value = wanted;
}

// Fewer passes over more rows, within the time of a default run.
double epochs(const data::Dataset& train, int64_t layers, int64_t batch) {
  const auto rows = static_cast<double>(train.size());
  const double more = std::clamp((rows - kRows) / (kMostRows - kRows), 0.0, 1.0);
  const double positions =
      static_cast<double>(std::max<int64_t>(1, train.tokens()) * std::max<int64_t>(1, layers));
  const double most = std::floor(kPositions * (1 + 4 * more) / positions);
  const double by_rows = std::min(kMostEpochs, std::round(740 / std::sqrt(rows)));
  const double by_steps = std::round(kFewSteps * static_cast<double>(batch) / rows);
  return std::max(1.0, std::min(most, std::max(by_rows, by_steps)));
}

}  // namespace

void fit_to_size(Recipe& recipe, const data::Encoding& encoding, const data::Dataset& train) {
  const bool words = encoding.task->targets() == data::Targets::kExample && !encoding.is_image() &&
                     encoding.tokenizer->name().ends_with("words");
  if (!words) return;
  auto& trunk = recipe.model.trunk;
  const auto rows = static_cast<double>(train.size());
  const bool long_texts = static_cast<double>(train.tokens()) > kLongText * rows;
  // A phrase for each layer says how many there are.
  if (recipe.attention.layers.empty())
    set(recipe, "model.layers", trunk.layers, int64_t{long_texts ? 1 : 2});
  set(recipe, "model.dropout", trunk.dropout, 0.3);
  set(recipe, "train.lr", recipe.train.lr, 3e-3);
  set(recipe, "model.word_dropout", trunk.word_dropout, long_texts ? 0.5 : 0.2);
  if (recipe.load.batch_tokens == 0)
    set(recipe, "data.batch", recipe.load.batch, int64_t{rows > 20000 ? 128 : 32});
  const bool length_named = recipe.named.contains("train.steps") ||
                            recipe.named.contains("train.epochs") ||
                            recipe.named.contains("train.seconds");
  if (length_named) return;
  recipe.train.epochs = epochs(train, trunk.layers, recipe.load.batch);
  set(recipe, "train.early_stop", recipe.train.early_stop, int64_t{5});
}

}  // namespace regard::lab
