// Cross-validation on the training cells: what every choice and every interval is made from.
#pragma once

#include <functional>

#include "regard/battery/models/combined.hpp"
#include "regard/battery/models/conformal.hpp"
#include "regard/battery/models/model.hpp"

namespace regard::battery {

using Folds = std::vector<std::vector<std::size_t>>;  // rows that are held out together

/// `count` folds with cells of each batch spread evenly, shuffled by the seed.
Folds even_folds(const Examples& cells, int64_t count, uint64_t seed);
/// One fold a batch: what happens to a batch that was never seen.
Folds batch_folds(const Examples& cells);

/// The estimate of each cell by a model that was trained without its fold, in the order of the
/// folds' rows; and its distance to the cells of that training.
std::vector<HeldOut> hold_out(const Examples& examples, const std::vector<Cell>& cells,
                              const Folds& folds, const MakeModel& make, uint64_t seed,
                              int64_t threads);

}  // namespace regard::battery
