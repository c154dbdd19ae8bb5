#include "regard/kernels/cuda/hrr_resident.hpp"

#include "regard/kernels/cuda/hrr-resident.cuh"
#include "regard/kernels/cuda/hrr-token.cuh"

namespace regard::kernels::cuda {
namespace {

/// The tokens of a block.
struct Share {
  int64_t first;
  int chunk;
  int64_t rows, bound, read;  // of them inside the array, in S, and with an output of their own
};
__device__ inline Share share_of(const HrrProblem& problem, int chunk) {
  const int64_t length = length_of(problem.lengths, blockIdx.z, problem.length);
  const int64_t first = static_cast<int64_t>(cluster_rank()) * chunk;
  const int64_t bound = problem.pads_in ? problem.length : length;
  return {first, chunk, problem.length - first, bound - first, length - first};
}

template <class T, class L>
__global__ __launch_bounds__(kResidentThreads) void forward(HrrProblem problem, int chunk,
                                                            unsigned blocks, Rows q, Rows k, Rows v,
                                                            Rows y, float* s, float* z) {
  constexpr int kWidth = Tile<T, L>::kWidth;
  const int64_t b = blockIdx.z, h = blockIdx.y;
  const Share share = share_of(problem, chunk);
  const auto p = resident_place<L>();
  T* const arrays = dynamic_shared<T>();
  const Tile<T, L> ks{arrays}, vs{arrays + chunk * kWidth}, qs{arrays + 2 * chunk * kWidth};
  float* const e = reinterpret_cast<float*>(arrays + 3 * chunk * kWidth);
  float *const memory = e + chunk, *const part = memory + kWidth, *const part_z = part + kWidth,
               *const sums = part_z + 4;

  ks.fetch(row_of<const T>(k, b, h, share.first), k.time, chunk, share.bound);
  vs.fetch(row_of<const T>(v, b, h, share.first), v.time, chunk, share.bound);
  copies_commit();
  qs.fetch(row_of<const T>(q, b, h, share.first), q.time, chunk, share.read);
  copies_commit();
  copies_wait<1>();
  __syncthreads();

  Slots<L> sum = zero_slots<L>();
#pragma unroll 2
  for (int row = p.row; row < chunk; row += p.kRows) {
    const Slots<L> kt = ks.load(row, p.lane), vt = vs.load(row, p.lane);
    bind_token(kt, vt, p.lane, sum);
  }
  sum_block(sum, p.lane, sums, part);
  copies_wait<0>();
  cluster_arrive();
  cluster_wait();
  for (int i = threadIdx.x; i < kWidth; i += kResidentThreads) {
    const float total = sum_cluster(part + i, blocks);
    memory[i] = total;
    if (cluster_rank() == 0) s[(b * problem.heads + h) * kWidth + i] = total;
  }
  __syncthreads();

  Slots<L> unit = load_shared<L>(memory, p.lane);
  to_unit(unit, p.lane, real_weight(problem.unbind));
  float total = 0.0f;
#pragma unroll 2
  for (int row = p.row; row < chunk; row += p.kRows) {
    const Slots<L> vt = vs.load(row, p.lane);
    const Slots<L> given = qs.load(row, p.lane);
    const Slots<L> qt =
        unbinding_query(given, p.lane, problem.unbind, unit_of_query(given, problem.unbind));
    const Cosine c = response(qt, vt, unit, p.lane);
    const float value = row < share.read ? expf(c.a) : 0.0f;
    if (p.lane.lane == 0) {
      e[row] = value;
      total += value;
    }
  }
  sum_block_number(total, sums, part_z);
  cluster_arrive();
  cluster_wait();
  const float all = sum_cluster(part_z, blocks);
  cluster_arrive();  // a block that is done may not leave while others read from it
  if (threadIdx.x == 0 && cluster_rank() == 0) z[b * problem.heads + h] = all;
  const float keys =
      problem.time_scale ? static_cast<float>(length_of(problem.lengths, b, problem.length)) : 1.0f;
  const float factor = all == 0.0f ? 0.0f : keys / all;
#pragma unroll 2
  for (int row = p.row; row < chunk; row += p.kRows) {
    if (row >= share.rows) break;
    const Slots<L> vt = vs.load(row, p.lane);
    const bool on = row < share.read;
    const float weight = factor * e[row];
    Slots<L> out;
#pragma unroll
    for (int i = 0; i < L::kCount; ++i) {
      out.re[i] = on ? weight * vt.re[i] : 0.0f;
      out.im[i] = on ? weight * vt.im[i] : 0.0f;
    }
    store_row(row_of<T>(y, b, h, share.first + row), out, p.lane);
  }
  cluster_wait();
}

/// What backward keeps of a token between its two readings.
struct Kept {
  float w, r, rho, a_zz, a_vv;
};
constexpr int kKept = sizeof(Kept) / sizeof(float);

template <class T, class L>
__global__ __launch_bounds__(kResidentThreads) void backward(HrrProblem problem, int chunk,
                                                             unsigned blocks, Rows q, Rows k,
                                                             Rows v, Rows g, const float* s,
                                                             const float* z, Rows dq, Rows dk,
                                                             Rows dv, float* column_parts) {
  constexpr int kWidth = Tile<T, L>::kWidth;
  const int64_t b = blockIdx.z, h = blockIdx.y, head = b * problem.heads + h;
  const Share share = share_of(problem, chunk);
  const auto p = resident_place<L>();
  T* const arrays = dynamic_shared<T>();
  const Tile<T, L> qs{arrays}, vs{arrays + chunk * kWidth}, gs{arrays + 2 * chunk * kWidth},
      ks{arrays + 3 * chunk * kWidth};
  auto* const kept = reinterpret_cast<Kept*>(arrays + 4 * chunk * kWidth);
  float *const part = reinterpret_cast<float*>(kept + chunk),
               *const ds_shared = part + 2 * kWidth + 4, *const sums = ds_shared + kWidth;

  qs.fetch(row_of<const T>(q, b, h, share.first), q.time, chunk, share.read);
  vs.fetch(row_of<const T>(v, b, h, share.first), v.time, chunk, share.bound);
  gs.fetch(row_of<const T>(g, b, h, share.first), g.time, chunk, share.read);
  copies_commit();
  ks.fetch(row_of<const T>(k, b, h, share.first), k.time, chunk, share.bound);
  copies_commit();

  Slots<L> unit = load_sums<L>(s + head * kWidth, p.lane);
  const float scale = to_unit(unit, p.lane, real_weight(problem.unbind));
  const float inverse_z = inverse_or_zero(z[head]);
  const float keys =
      problem.time_scale ? static_cast<float>(length_of(problem.lengths, b, problem.length)) : 1.0f;
  copies_wait<1>();
  __syncthreads();

  Slots<L> a1 = zero_slots<L>(), a2 = zero_slots<L>();
  float total = 0.0f;
  for (int row = p.row; row < chunk; row += p.kRows) {
    const bool on = row < share.read;
    const Slots<L> vt = vs.load(row, p.lane);
    const Token<L> token = read_token(qs.load(row, p.lane), vt, gs.load(row, p.lane), unit, p.lane,
                                      problem.unbind, inverse_z, keys);
    const float w = on ? token.w : 0.0f;
    if (p.lane.lane == 0) {
      kept[row] = {w, token.r, token.c.rho, token.c.a_zz, token.c.a_vv};
      total += w * token.r;
    }
    if (on) add_to_memory_gradient(token, vt, w, p.lane, a1, a2);
  }
  sum_block(a1, p.lane, sums, part);
  sum_block(a2, p.lane, sums, part + kWidth);
  sum_block_number(total, sums, part + 2 * kWidth);
  copies_wait<0>();
  cluster_arrive();
  cluster_wait();
  const float mean = sum_cluster(part + 2 * kWidth, blocks);
  for (int i = threadIdx.x; i < kWidth; i += kResidentThreads) {
    const float with_r = sum_cluster(part + i, blocks),
                plain = sum_cluster(part + kWidth + i, blocks);
    const bool real = i == 0 || i == kWidth / 2;
    // Not scale times weight first: the scale of S = 0 is the largest power of two.
    ds_shared[i] = (real ? real_weight(problem.unbind) : 1.0f) * (scale * (with_r - mean * plain));
  }
  cluster_arrive();  // a block that is done may not leave while others read from it
  __syncthreads();

  const Slots<L> ds = load_shared<L>(ds_shared, p.lane);
  Slots<L> sum_q = zero_slots<L>(), sum_k = zero_slots<L>(), sum_v = zero_slots<L>();
  const auto add = [](Slots<L>& sum, const Slots<L>& x) {
#pragma unroll
    for (int i = 0; i < L::kCount; ++i) {
      sum.re[i] += x.re[i];
      sum.im[i] += x.im[i];
    }
  };
  for (int row = p.row; row < chunk; row += p.kRows) {
    const Slots<L> qt = qs.load(row, p.lane);
    const QueryUnit of_q = unit_of_query(qt, problem.unbind);  // by all lanes of the warp
    if (row >= share.rows) continue;
    const int64_t t = share.first + row;
    const Kept token = kept[row];
    const float alpha = token.w * (token.r - mean);
    const float cross = alpha * token.rho;
    const Slots<L> vt = vs.load(row, p.lane);
    const Slots<L> xt = unbinding_query(qt, p.lane, problem.unbind, of_q);
    const Slots<L> zt = conj_slots(xt, unit, p.lane);
    const Slots<L> dz = gradient_of_z(vt, zt, cross, alpha * token.a_zz);
    Slots<L> out = gradient_of_q(qt, dz, unit, p.lane, problem.unbind, of_q);
    store_row(row_of<T>(dq, b, h, t), out, p.lane);
    add(sum_q, out);
    out = row < share.bound ? conj_slots(vt, ds, p.lane) : zero_slots<L>();
    store_row(row_of<T>(dk, b, h, t), out, p.lane);
    add(sum_k, out);
    const Slots<L> kt = ks.load(row, p.lane), gt = gs.load(row, p.lane);
    out = gradient_of_v(kt, vt, gt, zt, ds, {keys * token.w, cross, alpha * token.a_vv}, p.lane);
    store_row(row_of<T>(dv, b, h, t), out, p.lane);
    add(sum_v, out);
  }
  if (column_parts) {
    const int64_t wide = problem.heads * kWidth;
    float* const row = column_parts + (b * blocks + cluster_rank()) * 3 * wide + h * kWidth;
    sum_block(sum_q, p.lane, sums, row);
    sum_block(sum_k, p.lane, sums, row + wide);
    sum_block(sum_v, p.lane, sums, row + 2 * wide);
  }
  cluster_wait();
}

int forward_floats(const HrrProblem& problem) {
  return static_cast<int>((2 + kResidentWarps) * problem.width + 4);
}
int backward_floats(const HrrProblem& problem) {
  return static_cast<int>((3 + kResidentWarps) * problem.width + 4);
}
ResidentPlan forward_plan(const HrrProblem& problem) {
  return plan_resident(problem, 3, 1, forward_floats(problem));
}
ResidentPlan backward_plan(const HrrProblem& problem) {
  return plan_resident(problem, 4, kKept, backward_floats(problem));
}

dim3 grid_of(const HrrProblem& problem, const ResidentPlan& plan) {
  return dim3(static_cast<unsigned>(plan.blocks), static_cast<unsigned>(problem.heads),
              static_cast<unsigned>(problem.batch));
}

}  // namespace

ResidentPlan plan_resident(const HrrProblem& problem, int arrays, int numbers, int floats) {
  // Small shares leave room for several blocks on a multiprocessor, of which one computes while
  // another waits for memory.
  constexpr std::size_t kWanted = 74 * 1024, kMost = 227 * 1024;
  ResidentPlan plan;
  const int64_t w = problem.width;
  if (w != 16 && w != 32 && w != 64 && w != 128 && w != 256) return plan;
  const int rows = static_cast<int>(kResidentThreads / (w / 8));
  for (int blocks = 1; blocks <= kMaxCluster; blocks *= 2) {
    const int64_t share = (problem.length + blocks - 1) / blocks;
    const int64_t chunk = (share + rows - 1) / rows * rows;
    const auto shared = static_cast<std::size_t>(
        chunk * (arrays * problem.width * 2 + numbers * 4) + static_cast<int64_t>(floats) * 4);
    if (shared > kMost) continue;
    plan = {blocks, static_cast<int>(chunk), shared};
    if (shared <= kWanted) break;
  }
  return plan;
}

namespace {

bool fits(const HrrProblem& problem, bool aligned) {
  if (!aligned || problem.causal || problem.storage == Storage::kFloat) return false;
  return problem.heads <= 65535 && problem.batch <= 65535 && has_clusters();
}

}  // namespace

bool hrr_resident_forward_takes(const HrrProblem& problem, bool aligned) {
  return fits(problem, aligned) && forward_plan(problem).blocks > 0;
}

bool hrr_resident_backward_takes(const HrrProblem& problem, bool aligned) {
  if (!fits(problem, aligned)) return false;
  // Where shares need clusters of 16 to be small, reading twice is faster
  // (docs/evidence/speed-gpu.md).
  const ResidentPlan plan = backward_plan(problem);
  return plan.blocks > 0 && plan.blocks <= 8;
}

int hrr_resident_forward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows y, float* s,
                         float* z, void* stream) {
  const ResidentPlan plan = forward_plan(problem);
  return with_resident(problem, [&](auto layout, auto element) {
    launch_clusters(forward<decltype(element), decltype(layout)>, plan.blocks,
                    grid_of(problem, plan), kResidentThreads, plan.shared,
                    static_cast<cudaStream_t>(stream), problem, plan.chunk,
                    static_cast<unsigned>(plan.blocks), q, k, v, y, s, z);
    return static_cast<int>(cudaGetLastError());
  });
}

int64_t hrr_resident_parts(const HrrProblem& problem) {
  return problem.batch * backward_plan(problem).blocks;
}

int hrr_resident_backward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows g, const float* s,
                          const float* z, Rows dq, Rows dk, Rows dv, float* column_parts,
                          void* stream) {
  const ResidentPlan plan = backward_plan(problem);
  return with_resident(problem, [&](auto layout, auto element) {
    launch_clusters(backward<decltype(element), decltype(layout)>, plan.blocks,
                    grid_of(problem, plan), kResidentThreads, plan.shared,
                    static_cast<cudaStream_t>(stream), problem, plan.chunk,
                    static_cast<unsigned>(plan.blocks), q, k, v, g, s, z, dq, dk, dv, column_parts);
    return static_cast<int>(cudaGetLastError());
  });
}

}  // namespace regard::kernels::cuda
