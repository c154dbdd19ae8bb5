// The dashes and discs of Pathfinder images as small pictures, drawn as the published generator
// does: twice as large in whole fine pixels (lines as Pillow draws them), then scaled down with
// Lanczos (a = 3), in bytes.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace regard::data {

// What comes from sines becomes whole with a bias far above their error, so that images are the
// same on every machine.
inline constexpr double kSineBias = 1e-6;
inline int rounded(double v) { return static_cast<int>(std::floor(v + 0.5 + kSineBias)); }
inline int lifted(double v) { return static_cast<int>(std::ceil(v - kSineBias)); }

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

/// Sizes in pixels; twice the thickness is whole.
struct DashShape {
  int length = 0;
  double thickness = 0;
  int margin = 0;
};

/// In full contrast: a line from the centre of the pixel to `length` along (dy, dx), drawn twice as
/// large in whole fine pixels, its end rounded up to one, and scaled down with Lanczos (a = 3) as a
/// picture of whole pixels about its middle; its mask is the line grown by `margin` to all sides,
/// scaled down alike.
Stamp dash_stamp(const DashShape& shape, double dy, double dx);

/// A disc in full contrast, drawn twice as large about the first fine pixel of its pixel; its mask
/// is empty.
Stamp disc_stamp(double radius);

/// Offsets no farther than `radius`, row by row.
std::vector<Pixel> within(int radius);

}  // namespace regard::data
