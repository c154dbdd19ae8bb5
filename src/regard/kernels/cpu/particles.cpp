#include "regard/kernels/cpu/particles.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
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

/// The packed copies of x and the masses that a plan points to.
template <class T>
struct Packed {
  PairPlan<T> plan;
  std::vector<T> columns, rows, mass, half;

  Packed(const cpu::Particles<T>& p, int64_t stride, int64_t block) {
    const int64_t padded = (p.count + block - 1) / block * block + block;
    columns.assign(static_cast<std::size_t>(stride * padded), T{0});
    rows.assign(static_cast<std::size_t>(stride * padded), T{0});
    mass.assign(static_cast<std::size_t>(padded), T{0});
    half.assign(static_cast<std::size_t>(padded), T{0});
    for (int64_t i = 0; i < p.count; ++i) {
      double square = 0;
      for (int64_t c = 0; c < p.width; ++c) {
        const T value = p.x[i * p.width + c];
        columns[c * padded + i] = rows[i * stride + c] = value;
        square += double{value} * double{value};
      }
      mass[i] = p.mass[i];
      half[i] = static_cast<T>(square / 2);
    }
    plan = {p.count,     p.width,        padded,
            stride,      columns.data(), rows.data(),
            mass.data(), half.data(),    static_cast<T>(p.beta / std::numbers::ln2),
            p.normalised};
  }
};

template <int kDim, class T>
void velocity_by_differences(const ParticleRows<T>& range) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), block = 2 * lanes;
  const Packed<T> packed(range.problem, kDim, block);
  const auto& plan = packed.plan;
  const int64_t blocks = (range.end - range.begin + block - 1) / block;
  range.parallel(blocks, kGrain, [&](int64_t from, int64_t to) HWY_ATTR {
    const auto sums = hwy::AllocateAligned<T>(static_cast<std::size_t>(kDim * block));
    const auto totals = hwy::AllocateAligned<T>(static_cast<std::size_t>(block));
    for (int64_t b = from; b < to; ++b) {
      const int64_t first = range.begin + b * block, last = std::min(range.end, first + block);
      pairs_by_differences<kDim>(d, plan, first, sums.get(), totals.get());
      for (int64_t i = first; i < last; ++i) {
        const int64_t at = i - range.begin, lane = i - first;
        write_velocity(plan, range.problem.x + i * plan.width, sums.get() + lane, block,
                       totals[lane], range.v + at * plan.width);
        if (range.z != nullptr) range.z[at] = totals[lane];
      }
    }
  });
}

template <class T>
void velocity_by_dots(const ParticleRows<T>& range) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d)), keys = kVectors * lanes;
  const int64_t stride = (range.problem.width + keys - 1) / keys * keys;
  const Packed<T> packed(range.problem, stride, keys);
  const auto& plan = packed.plan;
  const int64_t blocks = (range.end - range.begin + kRows - 1) / kRows;
  range.parallel(blocks, kGrain, [&](int64_t from, int64_t to) HWY_ATTR {
    const auto w = hwy::AllocateAligned<T>(static_cast<std::size_t>(kRows * keys));
    const auto sums = hwy::AllocateAligned<T>(static_cast<std::size_t>(kRows * stride));
    for (int64_t b = from; b < to; ++b) {
      const int64_t first = range.begin + b * kRows, last = std::min(range.end, first + kRows);
      std::fill_n(sums.get(), kRows * stride, T{0});
      hn::Vec<decltype(d)> total[kRows];
      for (int64_t r = 0; r < kRows; ++r) total[r] = hn::Zero(d);
      for (int64_t j = 0; j < plan.count; j += keys) {
        weigh_tile(d, plan, first, j, w.get(), total);
        // x_i itself only adds to what the projection takes away, and its rounding.
        for (int64_t r = 0; r < kRows; ++r) {
          const int64_t own = first + r - j;
          if (own >= 0 && own < keys) w[r * keys + own] = T{0};
        }
        gather_tile(d, plan, j, w.get(), sums.get());
      }
      for (int64_t i = first; i < last; ++i) {
        const int64_t at = i - range.begin;
        const T sum = hn::GetLane(hn::SumOfLanes(d, total[i - first]));
        write_velocity(plan, range.problem.x + i * plan.width, sums.get() + (i - first) * stride, 1,
                       sum, range.v + at * plan.width);
        if (range.z != nullptr) range.z[at] = sum;
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
