// What the drawing of Pathfinder images looks up: dashes and discs as small pictures, moves and turns as whole numbers.
//
// Everything that needs sines is rounded to whole numbers here, with a bias far above their error, so that the images
// are the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

namespace regard::data {

struct Pixel {
  int y = 0, x = 0;
  bool operator==(const Pixel&) const = default;
};
inline Pixel operator+(Pixel a, Pixel b) { return {a.y + b.y, a.x + b.x}; }

/// A small picture that lies at an offset from the pixel where it is put; values 0 .. 255.
struct Stamp {
  Pixel corner;  // of its first row and column, from that pixel
  int height = 0, width = 0;
  std::vector<uint8_t> picture;  // (height, width) what is drawn
  std::vector<uint8_t> mask;     // (height, width) what it keeps free around itself
};

/// Sizes in pixels.
struct DashShape {
  double length = 0, thickness = 0, margin = 0;
};

/// In full contrast: a line from the centre of the pixel to `length` along (dy, dx), drawn four times larger and scaled down with Lanczos (a = 3);
/// its mask is the line grown by `margin` to all sides, scaled down alike.
Stamp dash_stamp(const DashShape& shape, double dy, double dx);

/// A disc in full contrast, drawn alike; it has no mask.
Stamp disc_stamp(double radius);

/// Where `distance` leads in each whole degree, rounded. (360)
std::vector<Pixel> ring(double distance);

/// Directions are numbered: 0 .. 359 are whole degrees t - 180 with (dy, dx) = (sin t, cos t), then come the tips below.
inline constexpr int kDegrees = 360;

struct DashTables {
  DashTables(const DashShape& shape, double continuity);

  int margin = 0;
  std::vector<Pixel> tips;  // candidates about a pivot, at distance length + margin
  std::vector<Stamp>
      stamps;  // (directions): of a dash that starts at a tail, or at a tip and runs back to the pivot
  std::vector<Pixel> head;   // (360): from a tail to the other end of its dash
  std::vector<Pixel> pivot;  // (360): from a tail to the pivot behind it
  std::vector<Pixel> step;   // (directions): from a pivot to the next
  std::vector<uint32_t>
      turn;  // (directions, tips): 2^16 max(cos(min(continuity |angle|, pi/2)), 0)^2
  std::vector<Pixel> surroundings;  // offsets no farther than margin
};

}  // namespace regard::data
