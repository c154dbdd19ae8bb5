// Rotary positions on every target, against float64.
#include "regard/kernels/cpu/rotate.hpp"

#include <vector>

#include "kernels/hrr_fixture.hpp"

namespace regard::testing {
namespace {
using kernels::BFloat16;
using kernels::cpu::kRotationPlaces;
using kernels::cpu::Rotation;

class Rotate : public OnEveryTarget {};

int64_t units(const Rotation& r) { return (r.time + kRotationPlaces - 1) / kRotationPlaces; }

std::vector<float> numbers(const Rotation& r) {
  std::mt19937 random(7);
  std::normal_distribution<float> draw;
  std::vector<float> x(static_cast<size_t>(r.batch * r.time * r.parts * r.heads * r.width));
  for (auto& value : x) value = draw(random);
  return x;
}

/// |y - expected|, the worst.
template <class Read>
double worst(const Rotation& r, const std::vector<float>& x, const Read& read) {
  const int64_t half = r.width / 2;
  double most = 0;
  const auto note = [&](int64_t at, double expected) {
    const double off = std::abs(static_cast<double>(read(static_cast<size_t>(at))) - expected);
    if (!(off <= most)) most = off;
  };
  for (int64_t row = 0; row < r.batch * r.time * r.parts * r.heads; ++row) {
    const int64_t part = row / r.heads % r.parts, t = row / (r.heads * r.parts) % r.time;
    const auto at = [&](int64_t i) { return double{x[static_cast<size_t>(row * r.width + i)]}; };
    const bool turns = part < r.rotated;
    for (int64_t i = 0; i < half; ++i) {
      const double angle = turns ? static_cast<double>(t) * (r.back ? -1 : 1) /
                                       std::pow(10000.0, static_cast<double>(i) / half)
                                 : 0;
      note(row * r.width + i, at(i) * std::cos(angle) - at(half + i) * std::sin(angle));
      note(row * r.width + half + i, at(half + i) * std::cos(angle) + at(i) * std::sin(angle));
    }
    if (r.width % 2 == 1) note(row * r.width + r.width - 1, at(r.width - 1));
  }
  return most;
}

TEST_P(Rotate, TurnsQueriesAndKeysAndCopiesValues) {
  ASSERT_STREQ(kernels::cpu::rotate_target(), hwy::TargetName(GetParam()));
  for (const int64_t width : {16, 64, 10, 7, 1}) {
    for (const int64_t time : {1, 63, 64, 130}) {
      for (const bool back : {false, true}) {
        const Rotation r{2, time, 3, 3, width, 2, back};
        const auto x = numbers(r);
        std::vector<float> y(x.size(), NAN);
        kernels::cpu::rotate<float>(r, x.data(), y.data(), 0, units(r));
        EXPECT_LE(worst(r, x, [&](size_t i) { return y[i]; }), 2e-6) << width << " " << time;
      }
    }
  }
}

TEST_P(Rotate, FarPlacesKeepTheirAngle) {
  const Rotation r{1, 300000, 1, 1, 4, 1, false};
  const auto x = numbers(r);
  std::vector<float> y(x.size(), NAN);
  kernels::cpu::rotate<float>(r, x.data(), y.data(), 0, units(r));
  EXPECT_LE(worst(r, x, [&](size_t i) { return y[i]; }), 2e-6);
}

TEST_P(Rotate, RangesGiveTheSameBits) {
  const Rotation r{2, 5 * kRotationPlaces + 3, 3, 2, 24, 2, false};
  const auto x = numbers(r);
  std::vector<float> whole(x.size(), NAN), parts(x.size(), NAN);
  kernels::cpu::rotate<float>(r, x.data(), whole.data(), 0, units(r));
  for (const auto& [begin, end] : {std::pair{4, 6}, {0, 1}, {1, 4}})
    kernels::cpu::rotate<float>(r, x.data(), parts.data(), begin, end);
  EXPECT_EQ(parts, whole);
}

TEST_P(Rotate, RoundsBFloat16ToTheNearest) {
  const auto widened = [](BFloat16 x) {
    return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
  };
  for (const int64_t width : {32, 10}) {
    const Rotation r{1, 70, 3, 2, width, 2, true};
    auto x = numbers(r);
    std::vector<BFloat16> in(x.size()), y(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      in[i].bits = static_cast<uint16_t>(std::bit_cast<uint32_t>(x[i]) >> 16);
      x[i] = widened(in[i]);
    }
    kernels::cpu::rotate<BFloat16>(r, in.data(), y.data(), 0, units(r));
    EXPECT_LE(worst(r, x, [&](size_t i) { return widened(y[i]); }), 0x1p-9 * 8);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Rotate, every_target(), target_label);

}  // namespace
}  // namespace regard::testing
