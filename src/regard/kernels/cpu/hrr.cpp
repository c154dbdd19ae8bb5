// Forward of holographic attention, and the dispatch of its targets.
#include "regard/kernels/cpu/hrr.hpp"

#include <algorithm>
#include <vector>

#include "regard/kernels/cpu/hrr_plan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "regard/kernels/cpu/hrr.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "regard/kernels/cpu/hrr-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

/// S of every head from the sums of its chunks, added in double in the order of time.
template <class T>
void gather_superpositions(const HrrForward<T>& args, const std::vector<float>& sums) {
  const HrrPlan& plan = args.plan;
  const int64_t width = plan.problem.width;
  args.parallel(plan.heads, plan.grain_of_heads(), [&](int64_t begin, int64_t end) HWY_ATTR {
    std::vector<double> total(width);
    for (int64_t head = begin; head < end; ++head) {
      std::fill(total.begin(), total.end(), 0.0);
      for (int64_t c = 0; c < plan.chunks; ++c) {
        const float* const sum = sums.data() + plan.index(head, c) * width;
        for (int64_t i = 0; i < width; ++i) total[i] += sum[i];
      }
      for (int64_t i = 0; i < width; ++i) args.s[head * width + i] = static_cast<float>(total[i]);
    }
  });
}

/// Three passes over time: S; e and Z; y.
template <class D, class T>
void forward_bidirectional(D d, const HrrForward<T>& args) {
  const HrrPlan& plan = args.plan;
  const int64_t width = plan.problem.width, half = width / 2;
  std::vector<float> sums(plan.units * width), e(plan.units * kHrrChunk), parts(plan.units);

  args.parallel(plan.units, plan.grain_of_chunks(), [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t i = begin; i < end; ++i) {
      const HrrUnit u = plan.unit(i);
      bind_sum(d, half, chunk_rows(args.k, u), chunk_rows(args.v, u), u.bound,
               sums.data() + i * width);
    }
  });
  gather_superpositions(args, sums);

  args.parallel(plan.units, plan.grain_of_chunks(), [&](int64_t begin, int64_t end) HWY_ATTR {
    const auto row = hwy::AllocateAligned<float>(width);
    TokenScalars tokens;
    for (int64_t i = begin; i < end; ++i) {
      const HrrUnit u = plan.unit(i);
      unit_row(args.s + u.head * width, width, row.get());
      const auto v = chunk_rows(args.v, u);
      token_dots<false>(d, half, chunk_rows(args.q, u), v, {}, {row.get(), 0}, u.count, tokens);
      token_cosines(u.count, tokens);
      std::copy_n(tokens.e, kHrrChunk, e.data() + i * kHrrChunk);
      parts[i] = sum_of_chunk(tokens.e);
    }
  });
  for (int64_t head = 0; head < plan.heads; ++head) {
    double total = 0.0;
    for (int64_t c = 0; c < plan.chunks; ++c) {
      total += parts[plan.index(head, c)];
    }
    args.z[head] = static_cast<float>(total);
  }

  const bool stream = plan.streams(args.y);
  args.parallel(plan.units, plan.grain_of_chunks(), [&](int64_t begin, int64_t end) HWY_ATTR {
    for (int64_t i = begin; i < end; ++i) {
      const HrrUnit u = plan.unit(i);
      float* const weights = e.data() + i * kHrrChunk;
      const float factor = plan.keys(u.b, 0) / args.z[u.head];
      for (int64_t t = 0; t < u.count; ++t) weights[t] *= factor;
      const auto y = chunk_rows(args.y, u, stream);
      scale_rows(d, half, chunk_rows(args.v, u), weights, u.count, y);
      zero_rows(y, width, u.count, u.rows);
    }
    if (stream) hwy::FlushStream();
  });
}

/// One scan over time, a head at a time; the sums that cross chunks are kept in double.
template <class D, class T>
void forward_causal(D d, const HrrForward<T>& args) {
  const HrrPlan& plan = args.plan;
  const int64_t width = plan.problem.width, half = width / 2, heads = plan.problem.heads;
  const bool stream = plan.streams(args.y);
  args.parallel(plan.heads, plan.grain_of_heads(), [&](int64_t begin, int64_t end) HWY_ATTR {
    std::vector<double> superposed((end - begin) * width, 0.0), normalisers(end - begin, 0.0);
    std::vector<float> local(width);
    const auto rows = hwy::AllocateAligned<float>(kHrrChunk * width);
    TokenScalars tokens;
    float weights[kHrrChunk];
    for (int64_t c = 0; c < plan.chunks; ++c) {
      for (int64_t head = begin; head < end; ++head) {
        const HrrUnit u = plan.unit(head / heads, head % heads, c);
        double* const sum = superposed.data() + (head - begin) * width;
        double& total = normalisers[head - begin];
        float* const before = args.s + (head * plan.chunks + c) * width;
        float& z_before = args.z[head * plan.chunks + c];
        for (int64_t i = 0; i < width; ++i) before[i] = static_cast<float>(sum[i]);
        z_before = static_cast<float>(total);

        const auto v = chunk_rows(args.v, u);
        prefix_rows(d, half, chunk_rows(args.k, u), v, u.count, before, rows.get(), local.data(),
                    tokens);
        token_dots<false>(d, half, chunk_rows(args.q, u), v, {}, {rows.get(), width}, u.count,
                          tokens);
        token_cosines(u.count, tokens);
        float running = 0.0f;
        for (int64_t t = 0; t < u.count; ++t) {
          running += tokens.e[t];
          weights[t] = plan.keys(u.b, u.first + t) * tokens.e[t] / (z_before + running);
        }
        const auto y = chunk_rows(args.y, u, stream);
        scale_rows(d, half, v, weights, u.count, y);
        zero_rows(y, width, u.count, u.rows);
        for (int64_t i = 0; i < width; ++i) sum[i] += local[i];
        total += running;
      }
    }
    if (stream) hwy::FlushStream();
  });
}

template <class T>
void forward(const HrrForward<T>& args) {
  with_lanes(args.plan.problem.width / 2, [&](auto d) HWY_ATTR {
    if (args.plan.problem.causal) {
      forward_causal(d, args);
    } else {
      forward_bidirectional(d, args);
    }
  });
}

void forward_float(const HrrForward<float>& args) { forward(args); }
void forward_bfloat16(const HrrForward<BFloat16>& args) { forward(args); }

const char* target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace regard::kernels {

HWY_EXPORT(forward_float);
HWY_EXPORT(forward_bfloat16);
HWY_EXPORT(target_name);

int64_t hrr_states(const HrrProblem& problem) {
  return problem.causal ? HrrPlan{problem}.chunks : 1;
}

template <>
void hrr_forward(const HrrProblem& problem, HeadView<const float> q, HeadView<const float> k,
                 HeadView<const float> v, HeadView<float> y, float* s, float* z,
                 const ParallelFor& parallel) {
  HWY_DYNAMIC_DISPATCH(forward_float)({HrrPlan{problem}, q, k, v, y, s, z, parallel});
}

template <>
void hrr_forward(const HrrProblem& problem, HeadView<const BFloat16> q, HeadView<const BFloat16> k,
                 HeadView<const BFloat16> v, HeadView<BFloat16> y, float* s, float* z,
                 const ParallelFor& parallel) {
  HWY_DYNAMIC_DISPATCH(forward_bfloat16)({HrrPlan{problem}, q, k, v, y, s, z, parallel});
}

const char* hrr_target() { return HWY_DYNAMIC_DISPATCH(target_name)(); }

}  // namespace regard::kernels
#endif
