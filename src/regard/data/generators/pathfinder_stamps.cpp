#include "regard/data/generators/pathfinder_stamps.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace regard::data {
namespace {

constexpr int kFine = 2;   // fine pixels a pixel
constexpr int kLobes = 3;  // of the Lanczos kernel
using std::numbers::pi;

int away_from_zero(double v) {
  return static_cast<int>(v < 0 ? -std::floor(0.5 - v) : std::floor(v + 0.5));
}

/// A square of bytes about a middle.
class Square {
 public:
  explicit Square(int reach)
      : reach_(reach),
        bytes_(static_cast<std::size_t>(side()) * static_cast<std::size_t>(side())) {}

  int reach() const { return reach_; }
  int side() const { return 2 * reach_ + 1; }
  uint8_t at(int y, int x) const { return bytes_[index(y, x)]; }
  void put(int y, int x, uint8_t value) { bytes_[index(y, x)] = value; }
  void paint(int y, int x) {
    if (std::max(std::abs(y), std::abs(x)) <= reach_) put(y, x, 255);
  }

 private:
  std::size_t index(int y, int x) const {
    return static_cast<std::size_t>((y + reach_) * side() + x + reach_);
  }

  int reach_;
  std::vector<uint8_t> bytes_;
};

// One fine pixel wide, both ends included (Bresenham 1965).
void paint_thin_line(Square& square, Pixel end) {
  const int n = std::max(std::abs(end.y), std::abs(end.x));
  const auto nearest = [n](int i, int offset) {
    const int steps = n == 0 ? 0 : (2 * i * std::abs(offset) + n) / (2 * n);
    return offset < 0 ? -steps : steps;
  };
  for (int i = 0; i <= n; ++i) square.paint(nearest(i, end.y), nearest(i, end.x));
}

// A rectangle about the line, its corners rounded to fine pixels, edges included.
void paint_wide_line(Square& square, Pixel end, int width) {
  const double half = (width - 1) / 2.0 / std::hypot(end.y, end.x);
  const Pixel side{away_from_zero(half * end.x), away_from_zero(-half * end.y)};
  const Pixel back{-side.y, -side.x};
  const std::array corners{side, end + side, end + back, back};
  for (int y = -square.reach(); y <= square.reach(); ++y) {
    double left = INFINITY, right = -INFINITY;
    for (std::size_t i = 0; i < 4; ++i) {
      const Pixel a = corners[i], b = corners[(i + 1) % 4];
      if (a.y == b.y || y < std::min(a.y, b.y) || y > std::max(a.y, b.y)) continue;
      const double x = a.x + 1.0 * (y - a.y) / (b.y - a.y) * (b.x - a.x);
      left = std::min(left, x), right = std::max(right, x);
    }
    for (int x = rounded(left); left <= right && x <= lifted(right - 0.5); ++x) square.paint(y, x);
  }
}

Square grown(const Square& square, int radius) {
  Square out(square.reach());
  for (int y = -square.reach(); y <= square.reach(); ++y) {
    for (int x = -square.reach(); x <= square.reach(); ++x) {
      if (square.at(y, x) == 0) continue;
      for (const auto offset : within(radius)) out.paint(y + offset.y, x + offset.x);
    }
  }
  return out;
}

double lanczos(double x) {
  if (std::abs(x) >= kLobes) return 0;
  const auto sinc = [](double v) { return v == 0 ? 1 : std::sin(pi * v) / (pi * v); };
  return sinc(x) * sinc(x / kLobes);
}

// The Lanczos kernel as wide as `from` pixels ask for that become `to`: sums of the bytes that
// `line` gives, rounded and cut to bytes.
template <class Line>
uint8_t resampled(int from, int to, int at, const Line& line) {
  const double scale = 1.0 * from / to, centre = (at + 0.5) * scale, reach = kLobes * scale;
  const int first = std::max(0, static_cast<int>(centre - reach + 0.5));
  const int last = std::min(from, static_cast<int>(centre + reach + 0.5));
  double sum = 0, total = 0;
  for (int i = first; i < last; ++i) {
    const double weight = lanczos((i - centre + 0.5) / scale);
    sum += weight * line(i);
    total += weight;
  }
  return static_cast<uint8_t>(std::clamp(rounded(sum / total), 0, 255));
}

// `from` fine rows and columns about the middle become a square of this reach: rows first, each
// pass in bytes.
Square scaled_down(const Square& fine, int from, int reach) {
  const int middle = (from - 1) / 2;
  Square out(reach);
  for (int x = -reach; x <= reach; ++x) {
    std::vector<uint8_t> column;
    for (int y = 0; y < from; ++y) {
      column.push_back(resampled(from, out.side(), x + reach,
                                 [&](int i) { return fine.at(y - middle, i - middle); }));
    }
    for (int y = -reach; y <= reach; ++y) {
      out.put(y, x, resampled(from, out.side(), y + reach, [&](int i) {
                return column[static_cast<std::size_t>(i)];
              }));
    }
  }
  return out;
}

// Empty rows and columns cut away.
Stamp trimmed(const Square& picture, const Square& mask) {
  const int reach = picture.reach();
  int top = reach + 1, bottom = -reach - 1, left = top, right = bottom;
  for (int y = -reach; y <= reach; ++y) {
    for (int x = -reach; x <= reach; ++x) {
      if (picture.at(y, x) == 0 && mask.at(y, x) == 0) continue;
      top = std::min(top, y), bottom = std::max(bottom, y);
      left = std::min(left, x), right = std::max(right, x);
    }
  }
  Stamp stamp{{top, left}, bottom - top + 1, right - left + 1, {}, {}};
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      stamp.picture.push_back(picture.at(y, x));
      stamp.mask.push_back(mask.at(y, x));
    }
  }
  return stamp;
}

}  // namespace

std::vector<Pixel> within(int radius) {
  std::vector<Pixel> offsets;
  for (int y = -radius; y <= radius; ++y) {
    for (int x = -radius; x <= radius; ++x) {
      if (y * y + x * x <= radius * radius) offsets.push_back({y, x});
    }
  }
  return offsets;
}

Stamp dash_stamp(const DashShape& shape, double dy, double dx) {
  const double norm = std::hypot(dy, dx), length = shape.length * kFine;
  const Pixel end{lifted(length * dy / norm), lifted(length * dx / norm)};
  const int reach = shape.length + static_cast<int>(std::ceil(shape.thickness)) + shape.margin;
  const int width = rounded(shape.thickness * kFine);
  Square fine(reach * kFine);
  if (width == 1) {
    paint_thin_line(fine, end);
  } else {
    paint_wide_line(fine, end, width);
  }
  const auto mask = grown(fine, shape.margin * kFine);
  return trimmed(scaled_down(fine, fine.side(), reach), scaled_down(mask, fine.side(), reach));
}

Stamp disc_stamp(double radius) {
  const int reach = static_cast<int>(std::ceil(radius)) + kLobes + 1;
  Square fine(reach * kFine + 1);
  for (const auto p : within(rounded(radius * kFine))) fine.paint(p.y, p.x);
  // Exactly kFine times as large: the middle of the disc lies before that of its pixel.
  return trimmed(scaled_down(fine, kFine * (2 * reach + 1), reach), Square(reach));
}

}  // namespace regard::data
