#include "regard/data/generators/pathfinder_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

namespace regard::data {
namespace {

constexpr int kFine = 4;   // fine pixels a pixel
constexpr int kLobes = 3;  // of the Lanczos kernel
constexpr double kBias = 1e-6;
constexpr double kPi = std::numbers::pi;

int rounded(double v) { return static_cast<int>(std::floor(v + 0.5 + kBias)); }
int lifted(double v) { return static_cast<int>(std::ceil(v - kBias)); }

double sinc(double x) { return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x); }

// Weights of the fine pixels k + 0.5, k = -kLobes * kFine ..., about the centre of a pixel.
std::vector<double> lanczos() {
  std::vector<double> weights;
  double sum = 0;
  for (int k = -kLobes * kFine; k < kLobes * kFine; ++k) {
    const double x = (k + 0.5) / kFine;
    weights.push_back(sinc(x) * sinc(x / kLobes));
    sum += weights.back();
  }
  for (auto& w : weights) w /= sum;
  return weights;
}

// `inside(y, x)`, in fine pixels from the centre of pixel (0, 0), scaled down to (2 reach + 1)^2 values in [0, 1].
std::vector<double> scaled_down(int reach, const std::function<bool(double, double)>& inside) {
  static const auto weights = lanczos();
  const int side = 2 * reach + 1, first = -reach * kFine - kLobes * kFine;
  const int fine = 2 * reach * kFine + 2 * kLobes * kFine;
  std::vector<double> rows(static_cast<std::size_t>(fine * side));  // (fine, side)
  std::vector<double> line(static_cast<std::size_t>(fine));
  for (int i = 0; i < fine; ++i) {
    for (int j = 0; j < fine; ++j)
      line[static_cast<std::size_t>(j)] = inside(first + i + 0.5, first + j + 0.5) ? 1 : 0;
    for (int o = 0; o < side; ++o) {
      double sum = 0;
      for (std::size_t k = 0; k < weights.size(); ++k)
        sum += weights[k] * line[static_cast<std::size_t>(o * kFine) + k];
      rows[static_cast<std::size_t>(i * side + o)] = sum;
    }
  }
  std::vector<double> out(static_cast<std::size_t>(side * side));
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      double sum = 0;
      for (std::size_t k = 0; k < weights.size(); ++k)
        sum += weights[k] *
               rows[(static_cast<std::size_t>(y * kFine) + k) * static_cast<std::size_t>(side) +
                    static_cast<std::size_t>(x)];
      out[static_cast<std::size_t>(y * side + x)] = std::clamp(sum, 0.0, 1.0);
    }
  }
  return out;
}

std::vector<uint8_t> bytes(const std::vector<double>& values) {
  std::vector<uint8_t> out;
  for (const double v : values) out.push_back(static_cast<uint8_t>(rounded(255 * v)));
  return out;
}

// Cuts empty rows and columns away.
Stamp trimmed(int reach, const std::vector<uint8_t>& picture, const std::vector<uint8_t>& mask) {
  const int side = 2 * reach + 1;
  int top = side, bottom = -1, left = side, right = -1;
  const auto at = [&](const std::vector<uint8_t>& v, int y, int x) {
    return v.empty() ? uint8_t{0} : v[static_cast<std::size_t>(y * side + x)];
  };
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (at(picture, y, x) == 0 && at(mask, y, x) == 0) continue;
      top = std::min(top, y), bottom = std::max(bottom, y);
      left = std::min(left, x), right = std::max(right, x);
    }
  }
  Stamp stamp{{top - reach, left - reach}, bottom - top + 1, right - left + 1, {}, {}};
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      stamp.picture.push_back(at(picture, y, x));
      stamp.mask.push_back(at(mask, y, x));
    }
  }
  return stamp;
}

double angle_between(double a, double b) {
  const double d = std::fmod(std::abs(a - b), 2 * kPi);
  return std::min(d, 2 * kPi - d);
}

// Points of the circle, one for each pixel of its arc, cut to whole numbers, each once.
std::vector<Pixel> circle(double radius) {
  std::vector<Pixel> points;
  const int count = rounded(2 * kPi * radius);
  for (int k = 0; k < count; ++k) {
    const double t = 2 * kPi * k / count;
    const Pixel p{static_cast<int>(std::floor(radius * std::sin(t) + kBias)),
                  static_cast<int>(std::floor(radius * std::cos(t) + kBias))};
    if (std::find(points.begin(), points.end(), p) == points.end()) points.push_back(p);
  }
  return points;
}

}  // namespace

Stamp dash_stamp(const DashShape& shape, double dy, double dx) {
  const double norm = std::hypot(dy, dx), uy = dy / norm, ux = dx / norm;
  const double length = shape.length * kFine, half = shape.thickness * kFine / 2;
  const double margin = shape.margin * kFine + kBias;
  // Distances beyond the line's end and beside it.
  const auto outside = [=](double y, double x) {
    const double along = y * uy + x * ux, across = std::abs(x * uy - y * ux);
    return std::array{std::max({-along, along - length, 0.0}), std::max(across - half, 0.0)};
  };
  const auto line = [&](double y, double x) {
    const auto d = outside(y, x);
    return d[0] <= kBias && d[1] <= kBias;
  };
  const auto grown = [&](double y, double x) {
    const auto d = outside(y, x);
    return d[0] * d[0] + d[1] * d[1] <= margin * margin;
  };
  const int reach = static_cast<int>(std::ceil(shape.length + shape.margin)) + kLobes + 1;
  return trimmed(reach, bytes(scaled_down(reach, line)), bytes(scaled_down(reach, grown)));
}

Stamp disc_stamp(double radius) {
  const double r = radius * kFine + kBias;
  const int reach = static_cast<int>(std::ceil(radius)) + kLobes + 1;
  const auto disc = [&](double y, double x) { return y * y + x * x <= r * r; };
  return trimmed(reach, bytes(scaled_down(reach, disc)), {});
}

std::vector<Pixel> ring(double distance) {
  std::vector<Pixel> points;
  for (int degree = 0; degree < kDegrees; ++degree) {
    const double t = (degree - 180) * kPi / 180;
    points.push_back({rounded(distance * std::sin(t)), rounded(distance * std::cos(t))});
  }
  return points;
}

DashTables::DashTables(const DashShape& shape, double continuity)
    : margin(rounded(shape.margin)), tips(circle(shape.length + shape.margin)) {
  std::vector<double> angles;
  for (int degree = 0; degree < kDegrees; ++degree) angles.push_back((degree - 180) * kPi / 180);
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
      pivot.push_back(head.back() + move(shape.length + shape.margin, t + kPi));
    }
    for (std::size_t b = kDegrees; b < angles.size(); ++b) {
      const double bend = std::min(continuity * angle_between(t, angles[b]), kPi / 2);
      const double smooth = std::max(std::cos(bend), 0.0);
      turn.push_back(static_cast<uint32_t>(rounded(65536 * smooth * smooth)));
    }
  }
  for (int y = -margin; y <= margin; ++y) {
    for (int x = -margin; x <= margin; ++x) {
      if (y * y + x * x <= margin * margin) surroundings.push_back({y, x});
    }
  }
}

}  // namespace regard::data
