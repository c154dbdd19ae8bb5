// Where the points of a simulation start.
#pragma once

#include <string>

#include "regard/theory/particles/spec.hpp"

namespace regard::particles {

struct Start {
  Cloud cloud;
  std::vector<std::string> said;  // what the user should know: rows were scaled, the seed
};

/// The points of `spec`: of its file, or by its `init`. InputError with the row for what is no
/// point.
Start make_start(const PointsSpec& spec);

/// The five points of arXiv 2410.06833's trajectories, and the five of its staircase (d = 2).
Cloud paper_points();
Cloud staircase_points();
std::vector<double> staircase_angles();

/// Points of a CSV file: a row is a vector, a first line without numbers is a header, `weights`
/// names a column.
Start read_points(const std::string& path, const std::string& weights);

}  // namespace regard::particles
