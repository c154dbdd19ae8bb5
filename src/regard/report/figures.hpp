// The figures of a report as Plotly's JSON; page.cpp places them and page_script.cpp draws them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "regard/base/json.hpp"
#include "regard/report/comparison.hpp"

namespace regard::report {

/// One picture of an animation: what its traces have instead of what the variant's have.
struct Frame {
  std::string name;  // "log t = 3.2"
  Json data;         // one object for each of the first traces: {"x": [...], "y": [...]}
};

/// One form of a figure; several variants of a figure are switched by buttons. With frames it also
/// has a slider and, unless the reader asks for less motion, a button that plays them. A layout
/// with {"axes": false} has no x and y axes. Without WebGL a `scatter3d` is drawn as a disc, seen
/// from `scene.camera`.
struct Variant {
  std::string name;  // "validation loss"
  Json data, layout;
  std::vector<Frame> frames = {};
};

struct Figure {
  std::string id, caption, description;  // description: for readers who cannot see it
  std::vector<Variant> variants;         // none: there is nothing to draw
};

/// The mean over seeds with the smallest and largest seed, at the steps that every seed has.
struct Band {
  std::vector<double> x, centre, low, high;
  int64_t seeds = 0;
};
using Reading = std::function<double(const Point&)>;
Band band(const std::vector<const Run*>& runs, double Point::*x, const Reading& y);

/// Learning curves against steps, and against seconds of training.
Figure curves_by_step(const Comparison& comparison);
Figure curves_by_seconds(const Comparison& comparison);

/// Final quality against one cost, with intervals; points that nothing beats in both are joined.
Figure quality_by_seconds(const Comparison& comparison);
Figure quality_by_memory(const Comparison& comparison);
/// Against keys a query, where attention runs on edges.
Figure quality_by_edges(const Comparison& comparison);

/// Indices into `x`, `y` (lower is better in both) of the points that no other point beats in both,
/// by x.
std::vector<std::size_t> pareto_front(const std::vector<double>& x, const std::vector<double>& y);

/// The attention maps with menus' parts, rounded to four digits.
Json maps_json(const std::vector<AttentionMap>& maps);

}  // namespace regard::report
