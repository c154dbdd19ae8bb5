#include "regard/kernels/cpu/particles.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "regard/kernels/cpu/particles_plan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "regard/kernels/cpu/particles.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "regard/kernels/cpu/particles-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

constexpr int64_t kGrain = 4;  // blocks of particles that are worth a thread

constexpr double kFlat = 1e-24;  // b / (2 log 2) below which all weights are 1 to the last digit

/// The packed copies of x and the masses that a plan points to.
template <class T>
struct Packed {
  PairPlan<T> plan;
  std::vector<T> columns, rows, log_mass, square;

  /// With a tile, the columns of so many particles lie together: (padded / tile, stride, tile).
  Packed(const cpu::Particles<T>& p, int64_t stride, int64_t block, int64_t tile = 0) {
    const int64_t padded = (p.count + block - 1) / block * block + block;
    const double scale = std::sqrt(std::max(kFlat, p.beta / (2 * std::numbers::ln2)));
    const T heaviest = *std::max_element(p.mass, p.mass + p.count);
    columns.assign(static_cast<std::size_t>(stride * padded), T{0});
    rows.assign(static_cast<std::size_t>(stride * padded), T{0});
    log_mass.assign(static_cast<std::size_t>(padded), T{-1e6});
    square.assign(static_cast<std::size_t>(padded), T{0});
    for (int64_t i = 0; i < p.count; ++i) {
      double sum = 0;
      for (int64_t c = 0; c < p.width; ++c) {
        const T value = static_cast<T>(scale * double{p.x[i * p.width + c]});
        rows[i * stride + c] = value;
        columns[tile == 0 ? c * padded + i : (i / tile * stride + c) * tile + i % tile] = value;
        sum += double{value} * double{value};
      }
      log_mass[i] = static_cast<T>(std::log2(double{p.mass[i]} / double{heaviest}));
      square[i] = static_cast<T>(sum);
    }
    plan = {p.count,         p.width,        padded,
            stride,          columns.data(), rows.data(),
            log_mass.data(), square.data(),  static_cast<T>(1 / scale),
            heaviest,        p.normalised};
  }
};

template <int kDim, class T>
void velocity_by_differences(const ParticleRows<T>& range) {
  const hn::ScalableTag<T> d;
  constexpr int kMany = kDim <= 4 ? 2 : 1;  // vectors whose sums fit in registers
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), block = kMany * lanes;
  const Packed<T> packed(range.problem, kDim, block);
  const auto& plan = packed.plan;
  const int64_t blocks = (range.end - range.begin + block - 1) / block;
  range.parallel(blocks, kGrain, [&](int64_t from, int64_t to) HWY_ATTR {
    const auto sums = hwy::AllocateAligned<T>(static_cast<std::size_t>(kDim * block));
    const auto totals = hwy::AllocateAligned<T>(static_cast<std::size_t>(block));
    for (int64_t b = from; b < to; ++b) {
      const int64_t first = range.begin + b * block, last = std::min(range.end, first + block);
      pairs_by_differences<kDim, kMany>(d, plan, first, sums.get(), totals.get());
      for (int64_t i = first; i < last; ++i) {
        const int64_t at = i - range.begin, lane = i - first;
        write_velocity(plan, range.problem.x + i * plan.width, sums.get() + lane, block,
                       totals[lane], range.v + at * plan.width);
        if (range.z != nullptr) range.z[at] = totals[lane] * plan.heaviest;
      }
    }
  });
}

template <class T>
void velocity_by_dots(const ParticleRows<T>& range) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), keys = kVectors * lanes;
  const int64_t stride = (range.problem.width + keys - 1) / keys * keys;
  constexpr int64_t kBlock = kTiles * kRows;
  const int64_t block = std::lcm(keys, kBlock);
  const Packed<T> packed(range.problem, stride, block, keys);
  const auto& plan = packed.plan;
  const int64_t blocks = (range.end - range.begin + kBlock - 1) / kBlock;
  range.parallel(blocks, 1, [&](int64_t from, int64_t to) HWY_ATTR {
    const auto w = hwy::AllocateAligned<T>(static_cast<std::size_t>(kRows * keys));
    const auto sums = hwy::AllocateAligned<T>(static_cast<std::size_t>(kBlock * stride));
    for (int64_t b = from; b < to; ++b) {
      const int64_t first = range.begin + b * kBlock, last = std::min(range.end, first + kBlock);
      std::fill_n(sums.get(), kBlock * stride, T{0});
      hn::Vec<decltype(d)> total[kBlock];
      for (auto& t : total) t = hn::Zero(d);
      for (int64_t j = 0; j < plan.count; j += keys) {
        for (int64_t row = first; row < last; row += kRows) {
          weigh_tile(d, plan, row, j, w.get(), total + (row - first));
          // x_i itself only adds to what the projection takes away, and its rounding.
          for (int64_t r = 0; r < kRows; ++r) {
            const int64_t own = row + r - j;
            if (own >= 0 && own < keys) w[r * keys + own] = T{0};
          }
          gather_tile(d, plan, j, w.get(), sums.get() + (row - first) * stride);
        }
      }
      for (int64_t i = first; i < last; ++i) {
        const int64_t at = i - range.begin;
        const T sum = hn::GetLane(hn::SumOfLanes(d, total[i - first]));
        write_velocity(plan, range.problem.x + i * plan.width, sums.get() + (i - first) * stride, 1,
                       sum, range.v + at * plan.width);
        if (range.z != nullptr) range.z[at] = sum * plan.heaviest;
      }
    }
  });
}

template <class T>
void velocity_rows(const ParticleRows<T>& range) {
  const int64_t width = range.problem.width;
  if (width <= 2) return velocity_by_differences<2>(range);
  if (width <= 3) return velocity_by_differences<3>(range);
  if (width <= 4) return velocity_by_differences<4>(range);
  if (width <= 8) return velocity_by_differences<8>(range);
  if (width <= cpu::kDifferenceWidth) return velocity_by_differences<16>(range);
  velocity_by_dots(range);
}

void velocity_float(const ParticleRows<float>& range) { velocity_rows(range); }
void velocity_double(const ParticleRows<double>& range) { velocity_rows(range); }
const char* particle_target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace regard::kernels {

HWY_EXPORT(velocity_float);
HWY_EXPORT(velocity_double);
HWY_EXPORT(particle_target_name);

namespace cpu {

template <>
void particle_velocity_rows(const Particles<float>& problem, int64_t begin, int64_t end, float* v,
                            float* z, const ParallelFor& parallel) {
  HWY_DYNAMIC_DISPATCH(velocity_float)({problem, begin, end, v, z, parallel});
}

template <>
void particle_velocity_rows(const Particles<double>& problem, int64_t begin, int64_t end, double* v,
                            double* z, const ParallelFor& parallel) {
  HWY_DYNAMIC_DISPATCH(velocity_double)({problem, begin, end, v, z, parallel});
}

template <>
void particle_velocity(const Particles<float>& problem, float* v, float* z,
                       const ParallelFor& parallel) {
  particle_velocity_rows(problem, 0, problem.count, v, z, parallel);
}

template <>
void particle_velocity(const Particles<double>& problem, double* v, double* z,
                       const ParallelFor& parallel) {
  particle_velocity_rows(problem, 0, problem.count, v, z, parallel);
}

const char* particle_target() { return HWY_DYNAMIC_DISPATCH(particle_target_name)(); }

}  // namespace cpu
}  // namespace regard::kernels
#endif
