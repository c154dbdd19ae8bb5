#include "regard/data/generators/pathfinder_tables.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace regard::data {
namespace {

using std::numbers::pi;

// Where the mask is full, in a window about the pixel after the tail: the original places its tail
// one off the middle. It finds no tail at all in a direction for which some pixel of the image,
// then one in a corner, has the whole window outside.
std::vector<Pixel> room_of(const Stamp& dash, int window) {
  std::vector<Pixel> offsets;
  for (int i = 0; i < dash.height; ++i) {
    for (int j = 0; j < dash.width; ++j) {
      const auto p = dash.corner + Pixel{i + 1, j + 1};
      const bool full = dash.mask[static_cast<std::size_t>(i * dash.width + j)] == 255;
      if (full && std::max(std::abs(p.y), std::abs(p.x)) <= window) offsets.push_back(p);
    }
  }
  for (const Pixel corner : {Pixel{-1, -1}, Pixel{-1, 1}, Pixel{1, -1}, Pixel{1, 1}}) {
    if (std::none_of(offsets.begin(), offsets.end(),
                     [&](Pixel p) { return p.y * corner.y <= 0 && p.x * corner.x <= 0; }))
      return {};
  }
  return offsets;
}

double angle_between(double a, double b) {
  const double d = std::fmod(std::abs(a - b), 2 * pi);
  return std::min(d, 2 * pi - d);
}

// Points of the circle, one for each pixel of its arc, cut to whole numbers, each once.
std::vector<Pixel> circle(double radius) {
  std::vector<Pixel> points;
  const int count = lifted(2 * pi * radius);
  for (int k = 0; k < count; ++k) {
    const double t = k / radius;
    const Pixel p{static_cast<int>(std::floor(radius * std::sin(t) + kSineBias)),
                  static_cast<int>(std::floor(radius * std::cos(t) + kSineBias))};
    if (std::find(points.begin(), points.end(), p) == points.end()) points.push_back(p);
  }
  return points;
}

}  // namespace

std::vector<Pixel> ring(double distance) {
  std::vector<Pixel> points;
  for (int degree = 0; degree < kDegrees; ++degree) {
    const double t = (degree - 180) * pi / 180;
    points.push_back({rounded(distance * std::sin(t)), rounded(distance * std::cos(t))});
  }
  return points;
}

DashTables::DashTables(const DashShape& shape, double continuity)
    : tips(circle(shape.length + shape.margin)) {
  std::vector<double> angles;
  for (int degree = 0; degree < kDegrees; ++degree) angles.push_back((degree - 180) * pi / 180);
  for (const auto& tip : tips) angles.push_back(std::atan2(tip.y, tip.x));
  const auto move = [](double distance, double angle) {
    return Pixel{lifted(distance * std::sin(angle)), lifted(distance * std::cos(angle))};
  };
  for (std::size_t a = 0; a < angles.size(); ++a) {
    const double t = angles[a], back = a < kDegrees ? 1 : -1;
    stamps.push_back(dash_stamp(shape, back * std::sin(t), back * std::cos(t)));
    step.push_back(move(shape.length + 2 * shape.margin, t));
    if (a < kDegrees) {
      head.push_back(move(shape.length, t));
      pivot.push_back(head.back() + move(shape.length + shape.margin, t + pi));
      room.push_back(room_of(stamps.back(), shape.length + shape.margin));
    }
    for (std::size_t b = kDegrees; b < angles.size(); ++b) {
      const double bend = std::min(continuity * angle_between(t, angles[b]), pi / 2);
      const double smooth = std::max(std::cos(bend), 0.0);
      turn.push_back(static_cast<uint32_t>(rounded(65536 * smooth * smooth)));
    }
  }
  surroundings = within(shape.margin);
}

}  // namespace regard::data
