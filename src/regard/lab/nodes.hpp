// Defaults for nodes: the graph attention network of Velickovic et al. (2018).
#pragma once

#include "regard/data/readers/encoding.hpp"
#include "regard/lab/recipe.hpp"

namespace regard::lab {

/// Sets what neither the recipe's file nor a flag named; nothing where the data is no nodes.
void fit_to_nodes(Recipe& recipe, const data::Encoding& encoding);

/// Whether the dropout of weights that was not asked for has to go, since a fold has no pairwise
/// weights.
bool must_not_drop(const Recipe& recipe, const std::string& attention);

/// Cuts a batch to its first `length` positions, with the edges among these.
void cut_positions(nn::Batch& batch, int64_t length);

}  // namespace regard::lab
