// What the drawing of Pathfinder images looks up: stamps, moves and turns for each direction, as
// whole numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "regard/data/generators/pathfinder_stamps.hpp"

namespace regard::data {

/// Where `distance` leads in each whole degree, rounded. (360)
std::vector<Pixel> ring(double distance);

/// Directions are numbered: 0 .. 359 are whole degrees t - 180 with (dy, dx) = (sin t, cos t), then
/// come the tips below.
inline constexpr int kDegrees = 360;

struct DashTables {
  DashTables(const DashShape& shape, double continuity);

  std::vector<Pixel>
      tips;  // candidates about a pivot, at distance length + margin, one for each pixel of arc
  std::vector<Stamp>
      // (directions): of a dash that starts at a tail, or at a tip and runs back to the pivot
      stamps;
  std::vector<std::vector<Pixel>>
      room;  // (360): what must be free about the tail of a first dash; empty: none starts so
  std::vector<Pixel> head;   // (360): from a tail to the other end of its dash
  std::vector<Pixel> pivot;  // (360): from a tail to the pivot behind it
  std::vector<Pixel> step;   // (directions): from a pivot to the next
  std::vector<uint32_t>
      turn;  // (directions, tips): 2^16 max(cos(min(continuity |angle|, pi/2)), 0)^2
  std::vector<Pixel> surroundings;  // offsets no farther than margin
};

}  // namespace regard::data
