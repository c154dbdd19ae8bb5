// All entries of the three axes; the tables are generated from the files in the three folders.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "regard/attention/fold.hpp"
#include "regard/attention/graph_kind.hpp"
#include "regard/attention/projection.hpp"

namespace regard::attention {

template <class T>
struct Entry {
  std::string name;
  std::unique_ptr<T> (*make)();
};

const std::vector<Entry<Projection>>& all_projections();
const std::vector<Entry<Graph>>& all_graphs();
const std::vector<Entry<Fold>>& all_folds();

}  // namespace regard::attention
