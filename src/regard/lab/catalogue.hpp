// What there is, from the registries: for `regard list`, and for programs that drive the command.
#pragma once

#include <string>

#include "regard/base/json.hpp"

namespace regard::lab {

/// projections, graphs, folds, models, tasks, readers: a list of {name, summary, ...} each;
/// options: the tables of a recipe, each a list of {name, type, default, help, choices}.
Json catalogue();

/// The same for people: one part, or all but the options with "". InputError names the nearest
/// part.
std::string catalogue_text(const std::string& part);

}  // namespace regard::lab
