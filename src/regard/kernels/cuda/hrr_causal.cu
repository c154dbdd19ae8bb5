// Causal: chunks are summed side by side, a scan over chunks gives the state before each, and every
// (chunk, head) then walks its tokens in order with S in registers. Backward, with r_t = m_t <g_t,
// v_t> and Z_t, S_t inclusive:
//
//   alpha_t = e_t (r_t / Z_t - sum_{s >= t} r_s e_s / Z_s^2);   dS_t = lambda sum_{s >= t} q_s o
//   dz_s
//
// The two sums over later tokens are what comes behind the chunk plus its own part, minus what the
// walk has passed.
#include "regard/kernels/cuda/hrr_causal.hpp"

#include "regard/kernels/cuda/hrr-bind.cuh"
#include "regard/kernels/cuda/hrr-token.cuh"

namespace regard::kernels::cuda {
namespace {

/// parts (batch, chunks, heads, width) -> states (batch, heads, chunks, width): the sum of all
/// earlier chunks, or of all later ones. One thread a column.
template <bool later>
__global__ __launch_bounds__(kThreads) void scan(Grid grid, int64_t width, const float* parts,
                                                 float* states) {
  const int64_t column = blockIdx.x * static_cast<int64_t>(kThreads) + threadIdx.x;
  const int64_t wide = grid.heads * width;
  if (column >= grid.batch * wide) return;
  const int64_t b = column / wide, within = column % wide, h = within / width, i = within % width;
  float sum = 0.0f;
#pragma unroll 8
  for (int64_t n = 0; n < grid.chunks; ++n) {
    const int64_t c = later ? grid.chunks - 1 - n : n;
    states[((b * grid.heads + h) * grid.chunks + c) * width + i] = sum;
    sum += parts[(b * grid.chunks + c) * wide + within];
  }
}

/// A place whose "token" is a chunk: each holds its own, and all walk their tokens together.
struct Chunk {
  Place p;
  int64_t b, first, length;
  int64_t chunk;
  bool on;
  __device__ bool has(int64_t t) const { return on && t < length; }
};

template <class L>
__device__ inline Chunk chunk_of(const HrrProblem& problem, const Grid& grid) {
  Chunk c;
  c.p = place_of<L>(grid);
  c.b = blockIdx.y;
  c.chunk = blockIdx.x * static_cast<int64_t>(c.p.tokens) + c.p.token;
  c.on = c.p.on && c.chunk < grid.chunks;
  if (!c.on) c.chunk = 0;
  c.first = c.chunk * kHrrCausalChunk;
  c.length = length_of(problem.lengths, c.b, grid.length);
  return c;
}

/// S of a token in the unit that squares can stand, lambda in it; returns its scale.
template <class L>
__device__ inline float unit_of(const Slots<L>& s, Lane at, float weight, Slots<L>& unit) {
  unit = s;
  return to_unit(unit, at, weight);
}

template <class T, class L>
__global__ __launch_bounds__(kThreads) void causal_respond(HrrProblem problem, Grid grid, Rows q,
                                                           Rows k, Rows v, const float* states,
                                                           float* e, float* parts) {
  const Chunk c = chunk_of<L>(problem, grid);
  const Lane at = c.p.at;
  Slots<L> s = load_sums<L>(
      states + ((c.b * grid.heads + c.p.head) * grid.chunks + c.chunk) * grid.width, at);
  RawRow<T, L> raw_q, raw_k, raw_v;
  const auto fetch = [&](int64_t t) {
    const bool on = c.has(t) && t < c.first + kHrrCausalChunk;
    raw_q = load_raw<T, L>(row_of<const T>(q, c.b, c.p.head, t), at, on);
    raw_k = load_raw<T, L>(row_of<const T>(k, c.b, c.p.head, t), at, on);
    raw_v = load_raw<T, L>(row_of<const T>(v, c.b, c.p.head, t), at, on);
  };
  float total = 0.0f;
  fetch(c.first);
  for (int64_t i = 0; i < kHrrCausalChunk; ++i) {
    const int64_t t = c.first + i;
    const Slots<L> qt = widen(raw_q), kt = widen(raw_k), vt = widen(raw_v);
    fetch(t + 1);
    bind_token(kt, vt, at, s);
    Slots<L> unit;
    unit_of(s, at, real_weight(problem.unbind), unit);
    const Slots<L> x = unbinding_query(qt, at, problem.unbind, unit_of_query(qt, problem.unbind));
    const Cosine cos = response(x, vt, unit, at);
    if (c.has(t) && at.lane == 0) {
      const float value = expf(cos.a);
      e[(c.b * grid.length + t) * grid.heads + c.p.head] = value;
      total += value;
    }
  }
  if (c.on && at.lane == 0) parts[(c.b * grid.chunks + c.chunk) * grid.heads + c.p.head] = total;
}

template <class T, class L>
__global__ __launch_bounds__(kThreads) void causal_weigh(HrrProblem problem, Grid grid, Rows v,
                                                         Rows y, const float* e, const float* z) {
  const Chunk c = chunk_of<L>(problem, grid);
  if (!c.on) return;
  const float before = z[(c.b * grid.heads + c.p.head) * grid.chunks + c.chunk];
  float running = 0.0f;
#pragma unroll 4
  for (int64_t i = 0; i < kHrrCausalChunk; ++i) {
    const int64_t t = c.first + i;
    if (t >= grid.length) return;
    const bool has = c.has(t);
    Slots<L> out = widen(load_raw<T, L>(row_of<const T>(v, c.b, c.p.head, t), c.p.at, has));
    const float value = has ? e[(c.b * grid.length + t) * grid.heads + c.p.head] : 0.0f;
    running += value;
    const float keys = problem.time_scale ? static_cast<float>(t + 1) : 1.0f;
    const float weight = has ? keys * value / (before + running) : 0.0f;
#pragma unroll
    for (int j = 0; j < L::kCount; ++j) {
      out.re[j] *= weight;
      out.im[j] *= weight;
    }
    store_row(row_of<T>(y, c.b, c.p.head, t), out, c.p.at);
  }
}

/// Walks the tokens of a chunk with S in registers and calls each(t, has, q, k, v, g, token, Z_t,
/// scale, S').
template <class T, class L, class Each>
__device__ inline void walk(const HrrProblem& problem, const Grid& grid, const Chunk& c, Rows q,
                            Rows k, Rows v, Rows g, const float* states, const float* z,
                            const Each& each) {
  const Lane at = c.p.at;
  const int64_t state = (c.b * grid.heads + c.p.head) * grid.chunks + c.chunk;
  Slots<L> s = load_sums<L>(states + state * grid.width, at);
  const float before = z[state];
  float running = 0.0f;
  for (int64_t i = 0; i < kHrrCausalChunk; ++i) {
    const int64_t t = c.first + i;
    const bool has = c.has(t);
    const auto raw_q = load_raw<T, L>(row_of<const T>(q, c.b, c.p.head, t), at, has);
    const auto raw_k = load_raw<T, L>(row_of<const T>(k, c.b, c.p.head, t), at, has);
    const auto raw_v = load_raw<T, L>(row_of<const T>(v, c.b, c.p.head, t), at, has);
    const auto raw_g = load_raw<T, L>(row_of<const T>(g, c.b, c.p.head, t), at, has);
    const Slots<L> qt = widen(raw_q), kt = widen(raw_k), vt = widen(raw_v), gt = widen(raw_g);
    bind_token(kt, vt, at, s);
    Slots<L> unit;
    const float scale = unit_of(s, at, real_weight(problem.unbind), unit);
    const float keys = problem.time_scale ? static_cast<float>(t + 1) : 1.0f;
    // w is e here: Z_t is known only now.
    const Token<L> token = read_token(qt, vt, gt, unit, at, problem.unbind, 1.0f, keys);
    if (has) running += token.w;
    each(t, has, qt, kt, vt, gt, token, before + running, scale, unit);
  }
}

/// parts (batch, chunks, heads): sum of r_t e_t / Z_t^2 of each chunk.
template <class T, class L>
__global__ __launch_bounds__(kThreads) void sum_responses(HrrProblem problem, Grid grid, Rows q,
                                                          Rows k, Rows v, Rows g,
                                                          const float* states, const float* z,
                                                          float* parts) {
  const Chunk c = chunk_of<L>(problem, grid);
  float total = 0.0f;
  walk<T, L>(problem, grid, c, q, k, v, g, states, z,
             [&](int64_t, bool has, const auto&, const auto&, const auto&, const auto&,
                 const auto& token, float z_t, float, const auto&) {
               if (has) total += token.r * token.w / z_t / z_t;
             });
  if (c.on && c.p.at.lane == 0) {
    parts[(c.b * grid.chunks + c.chunk) * grid.heads + c.p.head] = total;
  }
}

/// Of a token: alpha, and dS_t / lambda as q o dz. `after` is sum_{s >= t} r_s e_s / Z_s^2, and is
/// moved on.
template <class L>
struct Step {
  float alpha;
  Slots<L> dz, ds;
};
template <class L>
__device__ inline Step<L> step_of(const Token<L>& token, const Slots<L>& v, Lane at, float z_t,
                                  float scale, bool has, float& after) {
  Step<L> out;
  out.alpha = has ? token.w * (token.r / z_t - after) : 0.0f;
  if (has) after -= token.r * token.w / z_t / z_t;
  out.dz = gradient_of_z(v, token.z, out.alpha * token.c.rho, out.alpha * token.c.a_zz);
#pragma unroll
  for (int j = 0; j < L::kCount; ++j) {
    product(token.x, out.dz, at, j, out.ds.re[j], out.ds.im[j]);
    out.ds.re[j] *= scale;
    out.ds.im[j] *= scale;
  }
  return out;
}

/// parts (batch, chunks, heads, width): the part of each chunk in dS / lambda.
template <class T, class L>
__global__ __launch_bounds__(kThreads) void sum_gradients(HrrProblem problem, Grid grid, Rows q,
                                                          Rows k, Rows v, Rows g,
                                                          const float* states, const float* z,
                                                          const float* responses,
                                                          const float* later, float* parts) {
  const Chunk c = chunk_of<L>(problem, grid);
  float after = later[(c.b * grid.heads + c.p.head) * grid.chunks + c.chunk] +
                responses[(c.b * grid.chunks + c.chunk) * grid.heads + c.p.head];
  Slots<L> sum = zero_slots<L>();
  walk<T, L>(problem, grid, c, q, k, v, g, states, z,
             [&](int64_t, bool has, const auto&, const auto&, const auto& vt, const auto&,
                 const auto& token, float z_t, float scale, const auto&) {
               const Step<L> step = step_of(token, vt, c.p.at, z_t, scale, has, after);
#pragma unroll
               for (int j = 0; j < L::kCount; ++j) {
                 sum.re[j] += step.ds.re[j];
                 sum.im[j] += step.ds.im[j];
               }
             });
  if (c.on) {
    store_row(parts + ((c.b * grid.chunks + c.chunk) * grid.heads + c.p.head) * grid.width, sum,
              c.p.at);
  }
}

template <class T, class L>
__global__ __launch_bounds__(kThreads) void causal_gradients(
    HrrProblem problem, Grid grid, Rows q, Rows k, Rows v, Rows g, const float* states,
    const float* z, const float* responses, const float* later, const float* sums,
    const float* sums_later, Rows dq, Rows dk, Rows dv) {
  const Chunk c = chunk_of<L>(problem, grid);
  const Lane at = c.p.at;
  const int64_t state = (c.b * grid.heads + c.p.head) * grid.chunks + c.chunk;
  const int64_t part = (c.b * grid.chunks + c.chunk) * grid.heads + c.p.head;
  float after = later[state] + responses[part];
  Slots<L> ds = load_sums<L>(sums + part * grid.width, at);
  const Slots<L> behind = load_sums<L>(sums_later + state * grid.width, at);
#pragma unroll
  for (int j = 0; j < L::kCount; ++j) {
    ds.re[j] += behind.re[j];
    ds.im[j] += behind.im[j];
  }
  const float weight = real_weight(problem.unbind);
  walk<T, L>(problem, grid, c, q, k, v, g, states, z,
             [&](int64_t t, bool has, const auto& qt, const auto& kt, const auto& vt,
                 const auto& gt, const auto& token, float z_t, float scale, const auto& unit) {
               const Step<L> step = step_of(token, vt, at, z_t, scale, has, after);
               Slots<L> inclusive = ds;  // lambda dS_t
               if (at.lane == 0) {
                 inclusive.re[0] *= weight;
                 inclusive.im[0] *= weight;
               }
#pragma unroll
               for (int j = 0; j < L::kCount; ++j) {
                 ds.re[j] -= step.ds.re[j];
                 ds.im[j] -= step.ds.im[j];
               }
               if (!c.on || t >= grid.length) return;
               Slots<L> out = gradient_of_q(qt, step.dz, unit, at, problem.unbind, token.unit);
               store_row(row_of<T>(dq, c.b, c.p.head, t), out, at);
               store_row(row_of<T>(dk, c.b, c.p.head, t), conj_slots(vt, inclusive, at), at);
               const float keys = problem.time_scale ? static_cast<float>(t + 1) : 1.0f;
               const Pull pull{has ? keys * token.w / z_t : 0.0f, step.alpha * token.c.rho,
                               step.alpha * token.c.a_vv};
               out = gradient_of_v(kt, vt, gt, token.z, inclusive, pull, at);
               store_row(row_of<T>(dv, c.b, c.p.head, t), out, at);
             });
}

Grid causal_grid(const HrrProblem& problem, int lanes) {
  Grid grid = make_grid(problem, lanes);
  grid.run = kHrrCausalChunk;
  grid.chunks = static_cast<int>(hrr_states(problem));
  return grid;
}

struct Launch {
  dim3 chunks;   // a block a chunk: the sums of bind
  dim3 walks;    // a block several chunks
  dim3 columns;  // scans of rows
  dim3 numbers;  // scans of one number a head
};

Launch launch_of(const Grid& grid, int lanes) {
  const auto up = [](int64_t n, int64_t by) { return static_cast<unsigned>((n + by - 1) / by); };
  const auto batch = static_cast<unsigned>(grid.batch), groups = up(grid.heads, grid.group);
  const int64_t held = kThreads / (grid.group * lanes);
  return {dim3(grid.chunks, batch, groups), dim3(up(grid.chunks, held), batch, groups),
          dim3(up(grid.batch * grid.heads * grid.width, kThreads)),
          dim3(up(grid.batch * grid.heads, kThreads))};
}

int64_t chunk_heads(const HrrProblem& p) { return p.batch * p.heads * hrr_states(p); }

}  // namespace

int64_t hrr_causal_forward_scratch(const HrrProblem& p) {
  return (chunk_heads(p) * (p.width + 1) + p.batch * p.heads * p.length) *
         static_cast<int64_t>(sizeof(float));
}

int64_t hrr_causal_backward_scratch(const HrrProblem& p) {
  return chunk_heads(p) * (2 * p.width + 2) * static_cast<int64_t>(sizeof(float));
}

int hrr_causal_forward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows y, float* s,
                       float* z, void* scratch, void* stream) {
  const bool aligned = aligned_rows(problem.storage, {q, k, v, y});
  const auto on = static_cast<cudaStream_t>(stream);
  return with_layout(problem, aligned, [&](auto layout) {
    using L = decltype(layout);
    const Grid grid = causal_grid(problem, L::kLanes);
    const Launch to = launch_of(grid, L::kLanes);
    auto* const sums = static_cast<float*>(scratch);
    float* const totals = sums + chunk_heads(problem) * problem.width;
    float* const e = totals + chunk_heads(problem);
    return with_storage(problem.storage, [&](auto element) {
      using T = decltype(element);
      launch(bind<T, L>, to.chunks, kThreads, kBindBytes<T, L>, on, problem, grid, k, v, sums);
      launch(scan<false>, to.columns, kThreads, 0, on, grid, problem.width, sums, s);
      launch(causal_respond<T, L>, to.walks, kThreads, 0, on, problem, grid, q, k, v, s, e, totals);
      launch(scan<false>, to.numbers, kThreads, 0, on, grid, int64_t{1}, totals, z);
      launch(causal_weigh<T, L>, to.walks, kThreads, 0, on, problem, grid, v, y, e, z);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

int hrr_causal_backward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows g, const float* s,
                        const float* z, Rows dq, Rows dk, Rows dv, void* scratch, void* stream) {
  const bool aligned = aligned_rows(problem.storage, {q, k, v, g, dq, dk, dv});
  const auto on = static_cast<cudaStream_t>(stream);
  return with_layout(problem, aligned, [&](auto layout) {
    using L = decltype(layout);
    const Grid grid = causal_grid(problem, L::kLanes);
    const Launch to = launch_of(grid, L::kLanes);
    const int64_t heads = chunk_heads(problem);
    auto* const sums = static_cast<float*>(scratch);  // what is read in vectors comes first
    float* const sums_later = sums + heads * problem.width;
    float* const responses = sums_later + heads * problem.width;
    float* const later = responses + heads;
    return with_storage(problem.storage, [&](auto element) {
      using T = decltype(element);
      launch(sum_responses<T, L>, to.walks, kThreads, 0, on, problem, grid, q, k, v, g, s, z,
             responses);
      launch(scan<true>, to.numbers, kThreads, 0, on, grid, int64_t{1}, responses, later);
      launch(sum_gradients<T, L>, to.walks, kThreads, 0, on, problem, grid, q, k, v, g, s, z,
             responses, later, sums);
      launch(scan<true>, to.columns, kThreads, 0, on, grid, problem.width, sums, sums_later);
      launch(causal_gradients<T, L>, to.walks, kThreads, 0, on, problem, grid, q, k, v, g, s, z,
             responses, later, sums, sums_later, dq, dk, dv);
      return static_cast<int>(cudaGetLastError());
    });
  });
}

}  // namespace regard::kernels::cuda
