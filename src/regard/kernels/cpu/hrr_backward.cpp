// Backward of holographic attention, by the closed form: with w_t = e_t / Z and r_t = m_t <g_t,
// v_t>,
//
//   alpha_t = dL/da_t = w_t (r_t - sum_s w_s r_s)                         bidirectional
//   alpha_t = e_t (r_t / Z_t - sum_{s >= t} r_s e_s / Z_s^2)              causal
//   dz_t = alpha_t (v_t / (|v||z|) - a z_t / |z|^2);   dq_t = conj(dz_t) o lambda S
//   dS   = lambda sum_t q_t o dz_t (over s >= t when causal);   dk_t = conj(v_t) o dS
//   dv_t = m_t w_t g_t + alpha_t (z_t / (|v||z|) - a v_t / |v|^2) + conj(k_t) o dS
#include <algorithm>
#include <vector>

#include "regard/kernels/cpu/hrr.hpp"
#include "regard/kernels/cpu/hrr_plan.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "regard/kernels/cpu/hrr_backward.cpp"
#include <hwy/aligned_allocator.h>
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "regard/kernels/cpu/hrr-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

/// The factors of the vectors in the gradients of a token.
struct TokenFactors {
  float g_in_v[kHrrChunk];                     // m_t w_t
  float cross[kHrrChunk];                      // alpha / (|v||z|): of v in dz and of z in dv
  float z_in_z[kHrrChunk], v_in_v[kHrrChunk];  // alpha a / |z|^2, alpha a / |v|^2
};

HWY_INLINE void set_factors(const TokenScalars& tokens, int64_t t, float weight, float alpha,
                            TokenFactors& factors) {
  factors.g_in_v[t] = weight;
  factors.cross[t] = alpha * tokens.rho[t];
  factors.z_in_z[t] = alpha * tokens.a_zz[t];
  factors.v_in_v[t] = alpha * tokens.a_vv[t];
}

HWY_INLINE void clear_factors(int64_t t, TokenFactors& factors) {
  for (auto* const x : {factors.g_in_v, factors.cross, factors.z_in_z, factors.v_in_v}) x[t] = 0.0f;
}

template <class T>
struct ChunkGradients {
  ChunkRows<const T> q, k, v, g;
  ChunkRows<T> dq, dk, dv;
};

template <class T>
bool streams(const HrrBackward<T>& args) {
  return args.plan.streams(args.dq) && args.plan.streams(args.dk) && args.plan.streams(args.dv);
}

template <class T>
HWY_INLINE ChunkGradients<T> chunk_gradients(const HrrBackward<T>& args, const HrrUnit& u,
                                             bool stream) {
  return {chunk_rows(args.q, u),          chunk_rows(args.k, u),
          chunk_rows(args.v, u),          chunk_rows(args.g, u),
          chunk_rows(args.dq, u, stream), chunk_rows(args.dk, u, stream),
          chunk_rows(args.dv, u, stream)};
}

/// Gradients of a chunk, its tokens from last to first. `ds` is dS / lambda without this chunk when
/// causal (`local` then receives the chunk's part), else dS / lambda of all tokens.
template <bool kCausal, class D, class T>
HWY_INLINE void chunk_backward(D d, int64_t half, const ChunkGradients<T>& x,
                               ChunkRows<const float> rows, int64_t count,
                               const TokenScalars& tokens, const TokenFactors& factors,
                               const float* ds, float* local) {
  if constexpr (kCausal) std::fill(local, local + 2 * half, 0.0f);
  for (int64_t t = count - 1; t >= 0; --t) {
    const auto cross = hn::Set(d, factors.cross[t]);
    const auto z_in_z = hn::Set(d, -factors.z_in_z[t]), v_in_v = hn::Set(d, -factors.v_in_v[t]);
    // A row at a time, so that its cache lines are written whole.
    for (int64_t j = 0; j < half; j += kLanes<D>) {
      const auto real = real_slot(d, j);
      const auto q = load_complex(d, x.q[t], half, j), v = load_complex(d, x.v[t], half, j);
      const auto s = load_complex(d, rows[t], half, j);
      const auto z = conj_mul_add(d, q, s, real, zero_complex(d));
      const auto dz = scaled_add(d, z, z_in_z, scaled(d, v, cross));
      auto ds_t = load_complex(d, ds, half, j);
      if constexpr (kCausal) {
        const auto part = mul_add(d, q, dz, real, zero_complex(d));
        const auto sum =
            scaled_add(d, part, hn::Set(d, tokens.scale[t]), load_complex(d, local, half, j));
        store_complex(d, sum, local, half, j);
        ds_t = {hn::Add(ds_t.re, sum.re), hn::Add(ds_t.im, sum.im)};
      }
      ds_t = scaled(d, ds_t, lambda(d, real));
      write_complex(d, conj_mul_add(d, dz, s, real, zero_complex(d)), x.dq, t, half, j);
      write_complex(d, conj_mul_add(d, v, ds_t, real, zero_complex(d)), x.dk, t, half, j);
      auto dv = scaled(d, load_complex(d, x.g[t], half, j), hn::Set(d, factors.g_in_v[t]));
      dv = scaled_add(d, z, cross, dv);
      dv = scaled_add(d, v, v_in_v, dv);
      dv = conj_mul_add(d, load_complex(d, x.k[t], half, j), ds_t, real, dv);
      write_complex(d, dv, x.dv, t, half, j);
    }
  }
}

template <class T>
void zero_behind(const ChunkGradients<T>& x, int64_t width, const HrrUnit& u) {
  for (const auto& rows : {x.dq, x.dk, x.dv}) zero_rows(rows, width, u.bound, u.rows);
}

/// dS is affine in R = sum_t w_t r_t, which is not known yet: dS = mean_free - R * plain, with
/// f_t = q_t o da/dz_t, mean_free = sum w r f and plain = sum w f.
template <class D, class T>
HWY_INLINE void affine_sums(D d, int64_t half, const ChunkGradients<T>& x, const float* row,
                            int64_t count, const TokenScalars& tokens, const float* w,
                            const float* wr, float* mean_free, float* plain) {
  for (int64_t j = 0; j < half; j += kLanes<D>) {
    const auto real = real_slot(d, j);
    const auto s = load_complex(d, row, half, j);
    auto with_r = zero_complex(d), without = with_r;
    for (int64_t t = 0; t < count; ++t) {
      const auto q = load_complex(d, x.q[t], half, j), v = load_complex(d, x.v[t], half, j);
      const auto z = conj_mul_add(d, q, s, real, zero_complex(d));
      const auto da =
          scaled_add(d, z, hn::Set(d, -tokens.a_zz[t]), scaled(d, v, hn::Set(d, tokens.rho[t])));
      const auto f = mul_add(d, q, da, real, zero_complex(d));
      with_r = scaled_add(d, f, hn::Set(d, wr[t]), with_r);
      without = scaled_add(d, f, hn::Set(d, w[t]), without);
    }
    store_complex(d, with_r, mean_free, half, j);
    store_complex(d, without, plain, half, j);
  }
}

/// What the first pass over a chunk leaves for the second, and its sums.
struct FirstPass {
  std::vector<TokenScalars> tokens;     // a unit; e becomes w, gv becomes r
  std::vector<float> mean_free, plain;  // (units, width)
  std::vector<float> r;                 // (units)
  std::vector<float> ds, mean_r;        // (heads, width), (heads)
};

template <class T>
void gather(const HrrBackward<T>& args, FirstPass& first) {
  const HrrPlan& plan = args.plan;
  const int64_t width = plan.problem.width;
  args.parallel(plan.heads, plan.grain_of_heads(), [&](int64_t begin, int64_t end) HWY_ATTR {
    std::vector<double> with_r(width), without(width);
    std::vector<float> row(width);
    for (int64_t head = begin; head < end; ++head) {
      std::fill(with_r.begin(), with_r.end(), 0.0);
      std::fill(without.begin(), without.end(), 0.0);
      double mean = 0.0;
      for (int64_t c = 0; c < plan.chunks; ++c) {
        const int64_t unit = plan.index(head, c);
        for (int64_t i = 0; i < width; ++i) {
          with_r[i] += first.mean_free[unit * width + i];
          without[i] += first.plain[unit * width + i];
        }
        mean += first.r[unit];
      }
      const double scale = unit_row(args.s + head * width, width, row.data());
      for (int64_t i = 0; i < width; ++i) {
        first.ds[head * width + i] = static_cast<float>(scale * (with_r[i] - mean * without[i]));
      }
      first.mean_r[head] = static_cast<float>(mean);
    }
  });
}

template <class D, class T>
void backward_bidirectional(D d, const HrrBackward<T>& args) {
  const HrrPlan& plan = args.plan;
  const int64_t width = plan.problem.width, half = width / 2;
  const bool stream = streams(args);
  FirstPass first{std::vector<TokenScalars>(plan.units),  std::vector<float>(plan.units * width),
                  std::vector<float>(plan.units * width), std::vector<float>(plan.units),
                  std::vector<float>(plan.heads * width), std::vector<float>(plan.heads)};

  args.parallel(plan.units, plan.grain_of_chunks(), [&](int64_t begin, int64_t end) HWY_ATTR {
    const auto row = hwy::AllocateAligned<float>(width);
    for (int64_t i = begin; i < end; ++i) {
      const HrrUnit u = plan.unit(i);
      const auto x = chunk_gradients(args, u, stream);
      TokenScalars& tokens = first.tokens[i];
      unit_row(args.s + u.head * width, width, row.get());
      token_dots<true>(d, half, x.q, x.v, x.g, {row.get(), 0}, u.count, tokens);
      token_cosines(u.count, tokens);
      float wr[kHrrChunk] = {};
      for (int64_t t = 0; t < u.count; ++t) {
        tokens.e[t] /= args.z[u.head];
        tokens.gv[t] *= plan.keys(u.b, t);
        wr[t] = tokens.e[t] * tokens.gv[t];
      }
      first.r[i] = sum_of_chunk(wr);
      affine_sums(d, half, x, row.get(), u.count, tokens, tokens.e, wr,
                  first.mean_free.data() + i * width, first.plain.data() + i * width);
    }
  });
  gather(args, first);

  args.parallel(plan.units, plan.grain_of_chunks(), [&](int64_t begin, int64_t end) HWY_ATTR {
    const auto row = hwy::AllocateAligned<float>(width);
    TokenFactors factors;
    for (int64_t i = begin; i < end; ++i) {
      const HrrUnit u = plan.unit(i);
      const auto x = chunk_gradients(args, u, stream);
      const TokenScalars& tokens = first.tokens[i];
      unit_row(args.s + u.head * width, width, row.get());
      for (int64_t t = 0; t < u.count; ++t) {
        const float w = tokens.e[t];
        set_factors(tokens, t, plan.keys(u.b, t) * w, w * (tokens.gv[t] - first.mean_r[u.head]),
                    factors);
      }
      // A row that enters S alone: dk = conj(v) o dS, dv = conj(k) o dS.
      for (int64_t t = u.count; t < u.bound; ++t) clear_factors(t, factors);
      chunk_backward<false>(d, half, x, {row.get(), 0}, u.bound, tokens, factors,
                            first.ds.data() + u.head * width, nullptr);
      zero_behind(x, width, u);
    }
    if (stream) hwy::FlushStream();
  });
}

/// Factors of a chunk, and its part of sum_s r_s e_s / Z_s^2; `later` is the part of later chunks.
inline float causal_factors(const HrrPlan& plan, const HrrUnit& u, float z_before, float later,
                            const TokenScalars& tokens, TokenFactors& factors) {
  float z[kHrrChunk], running = 0.0f, suffix = 0.0f;
  for (int64_t t = 0; t < u.count; ++t) {
    running += tokens.e[t];
    z[t] = z_before + running;
  }
  for (int64_t t = u.count - 1; t >= 0; --t) {
    const float keys = plan.keys(u.b, u.first + t), w = tokens.e[t] / z[t];
    const float r_z = keys * tokens.gv[t] / z[t];
    suffix += w * r_z;
    set_factors(tokens, t, keys * w, tokens.e[t] * (r_z - (later + suffix)), factors);
  }
  return suffix;
}

/// One scan from the last chunk to the first; S and Z restart from the states of the forward.
template <class D, class T>
void backward_causal(D d, const HrrBackward<T>& args) {
  const HrrPlan& plan = args.plan;
  const int64_t width = plan.problem.width, half = width / 2;
  const bool stream = streams(args);
  args.parallel(plan.heads, plan.grain_of_heads(), [&](int64_t begin, int64_t end) HWY_ATTR {
    std::vector<double> later((end - begin) * width, 0.0), later_r(end - begin, 0.0);
    std::vector<float> ds(width), local(width);
    const auto rows = hwy::AllocateAligned<float>(kHrrChunk * width);
    TokenScalars tokens;
    TokenFactors factors;
    for (int64_t c = plan.chunks - 1; c >= 0; --c) {
      for (int64_t head = begin; head < end; ++head) {
        const HrrUnit u = plan.unit(head / plan.problem.heads, head % plan.problem.heads, c);
        const auto x = chunk_gradients(args, u, stream);
        const int64_t state = head * plan.chunks + c;
        double* const sum = later.data() + (head - begin) * width;
        double& sum_r = later_r[head - begin];

        prefix_rows(d, half, x.k, x.v, u.count, args.s + state * width, rows.get(), local.data(),
                    tokens);
        const ChunkRows<const float> s_rows = {rows.get(), width};
        token_dots<true>(d, half, x.q, x.v, x.g, s_rows, u.count, tokens);
        token_cosines(u.count, tokens);
        const float part_r =
            causal_factors(plan, u, args.z[state], static_cast<float>(sum_r), tokens, factors);
        for (int64_t i = 0; i < width; ++i) ds[i] = static_cast<float>(sum[i]);
        chunk_backward<true>(d, half, x, s_rows, u.count, tokens, factors, ds.data(), local.data());
        zero_behind(x, width, u);
        for (int64_t i = 0; i < width; ++i) sum[i] += local[i];
        sum_r += part_r;
      }
    }
    if (stream) hwy::FlushStream();
  });
}

template <class T>
void backward(const HrrBackward<T>& args) {
  with_lanes(args.plan.problem.width / 2, [&](auto d) HWY_ATTR {
    if (args.plan.problem.causal) {
      backward_causal(d, args);
    } else {
      backward_bidirectional(d, args);
    }
  });
}

void backward_float(const HrrBackward<float>& args) { backward(args); }
void backward_bfloat16(const HrrBackward<BFloat16>& args) { backward(args); }

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace regard::kernels {

HWY_EXPORT(backward_float);
HWY_EXPORT(backward_bfloat16);

template <>
void hrr_backward(const HrrProblem& problem, HeadView<const float> q, HeadView<const float> k,
                  HeadView<const float> v, HeadView<const float> g, const float* s, const float* z,
                  HeadView<float> dq, HeadView<float> dk, HeadView<float> dv,
                  const ParallelFor& parallel) {
  HWY_DYNAMIC_DISPATCH(backward_float)
  ({HrrPlan{problem}, q, k, v, g, s, z, dq, dk, dv, parallel});
}

template <>
void hrr_backward(const HrrProblem& problem, HeadView<const BFloat16> q, HeadView<const BFloat16> k,
                  HeadView<const BFloat16> v, HeadView<const BFloat16> g, const float* s,
                  const float* z, HeadView<BFloat16> dq, HeadView<BFloat16> dk,
                  HeadView<BFloat16> dv, const ParallelFor& parallel) {
  HWY_DYNAMIC_DISPATCH(backward_bfloat16)
  ({HrrPlan{problem}, q, k, v, g, s, z, dq, dk, dv, parallel});
}

}  // namespace regard::kernels
#endif
