// CUDA kernels on a CPU, for tests on machines without a GPU: every thread of a block is a fiber;
// barriers and shuffles give way to the others. What a GPU would not forgive is an error here: a
// barrier that a running thread never reaches, a shuffle that part of a warp never joins, a launch
// with too many threads.
//
// A .cu file is compiled as C++ with REGARD_EMULATE_CUDA defined, which makes
// kernels/cuda/device.cuh include this one.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

#include "machine.hpp"

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define __restrict__

struct alignas(16) float4 {
  float x, y, z, w;
};
struct float2 {
  float x, y;
};
struct alignas(16) uint4 {
  unsigned x = 0, y = 0, z = 0, w = 0;
};
inline constexpr int cudaErrorInvalidValue = 1;
inline int cudaGetLastError() { return 0; }

/// 16-bit types: storage and conversions alone, to nearest even.
struct __nv_bfloat16 {
  uint16_t bits;
};
struct __half {
  _Float16 value;
};
inline float __bfloat162float(__nv_bfloat16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}
inline __nv_bfloat16 __float2bfloat16_rn(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (x != x) return {0x7fff};
  return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
inline float __half2float(__half x) { return static_cast<float>(x.value); }
inline __half __float2half_rn(float x) { return {static_cast<_Float16>(x)}; }
struct __nv_bfloat162 {
  __nv_bfloat16 x, y;
};
struct __half2 {
  __half x, y;
};
inline __nv_bfloat162 __floats2bfloat162_rn(float a, float b) {
  return {__float2bfloat16_rn(a), __float2bfloat16_rn(b)};
}
inline __half2 __floats2half2_rn(float a, float b) {
  return {__float2half_rn(a), __float2half_rn(b)};
}
template <class T>
void __stcs(T* place, T value) {
  *place = value;
}
inline uintptr_t __cvta_generic_to_shared(const void* place) {
  return reinterpret_cast<uintptr_t>(place);
}
inline unsigned __float_as_uint(float x) { return std::bit_cast<unsigned>(x); }
inline float __uint_as_float(unsigned x) { return std::bit_cast<float>(x); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32);
}
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdividef(float a, float b) { return a / b; }
inline float __expf(float x) { return std::exp(x); }
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
template <class A, class B>
inline auto min(A a, B b) {
  return a < b ? static_cast<std::common_type_t<A, B>>(a)
               : static_cast<std::common_type_t<A, B>>(b);
}
template <class A, class B>
inline auto max(A a, B b) {
  return a > b ? static_cast<std::common_type_t<A, B>>(a)
               : static_cast<std::common_type_t<A, B>>(b);
}

#define threadIdx \
  (regard::emulated::Machine::get().fibers[regard::emulated::Machine::get().current].thread)
#define blockIdx \
  (regard::emulated::Machine::get().fibers[regard::emulated::Machine::get().current].block)
#define gridDim (regard::emulated::Machine::get().grid)

inline void __syncthreads() { regard::emulated::barrier(); }
inline int __shfl_sync(unsigned, int value, int lane) {
  auto& m = regard::emulated::Machine::get();
  auto& fiber = m.fibers[m.current];
  auto& slots = m.slots[fiber.parity ^= 1];
  const std::size_t me = m.current;
  slots[me] = std::bit_cast<float>(value);
  m.wait(regard::emulated::State::kAtShuffle);
  return std::bit_cast<int>(slots[(me & ~std::size_t{31}) | static_cast<std::size_t>(lane & 31)]);
}
inline void __syncwarp() { regard::emulated::exchange(0.0f, 0); }
inline float __shfl_xor_sync(unsigned, float value, int mask) {
  return regard::emulated::exchange(value, mask);
}

namespace regard::kernels::cuda {
using emulated::launch, emulated::launch_clusters;
template <class T>
T* dynamic_shared() {
  return static_cast<T*>(emulated::dynamic_shared());
}

// kernels/cuda/cluster.cuh
constexpr int kMaxCluster = 16;
inline bool has_clusters() { return true; }
inline unsigned cluster_rank() { return emulated::rank(); }
inline void cluster_arrive() {}
inline void cluster_wait() { emulated::Machine::get().wait(emulated::State::kAtCluster); }
inline float cluster_read(const float* mine, unsigned rank) {
  auto& m = emulated::Machine::get();
  const auto offset = reinterpret_cast<const char*>(mine) - m.dynamic_of(emulated::rank());
  return *reinterpret_cast<const float*>(m.dynamic_of(rank) + offset);
}
inline void copy_late_or_now(void* shared, const void* global, bool on, std::size_t bytes) {
  const auto copy = [=] {
    on ? std::memcpy(shared, global, bytes) : std::memset(shared, 0, bytes);
  };
  if (emulated::order_seed() == 0) return copy();
  auto& m = emulated::Machine::get();
  m.fibers[m.current].open.emplace_back(copy);
}
inline void copy_async(void* shared, const void* global, bool on) {
  copy_late_or_now(shared, global, on, 16);
}
inline void copy_async_cached(void* shared, const void* global, bool on) {
  copy_async(shared, global, on);
}
inline void copy_async_8(void* shared, const void* global, bool on) {
  copy_late_or_now(shared, global, on, 8);
}
inline void copies_commit() {
  auto& m = emulated::Machine::get();
  auto& fiber = m.fibers[m.current];
  fiber.groups.push_back(std::move(fiber.open));
  fiber.open.clear();
}
template <int left>
void copies_wait() {
  auto& m = emulated::Machine::get();
  m.fibers[m.current].finish_copies(left);
}

// kernels/cuda/group-products.cuh: a thread computes its own sums, when it asks for them.
#define REGARD_GROUP_PRODUCTS 1
inline bool has_group_products() { return true; }
inline int multiprocessors() { return 5; }

struct Operand {
  const unsigned char* place;
  bool across = false;
  int next = 0;
};
inline Operand along_rows(const void* shared) {
  return {static_cast<const unsigned char*>(shared)};
}
inline Operand across_rows(const void* shared, int next) {
  return {static_cast<const unsigned char*>(shared), true, next};
}
/// Number k of the sum with row (or column) i; the swizzle is one of addresses.
template <class T>
float number_of(const Operand& operand, int i, int k) {
  const int offset = operand.across
                         ? i / 64 * operand.next + k / 8 * 1024 + k % 8 * 128 + i % 64 * 2
                         : i / 8 * 1024 + i % 8 * 128 + k * 2;
  auto at = reinterpret_cast<uintptr_t>(operand.place) + static_cast<uintptr_t>(offset);
  at ^= (at >> 7 & 7) << 4;
  const T& x = *reinterpret_cast<const T*>(at);
  if constexpr (std::is_same_v<T, __half>) {
    return __half2float(x);
  } else {
    return __bfloat162float(x);
  }
}
template <class T, bool transposed>
void multiply(float (&d)[64], Operand a, Operand b, bool add) {
  const int thread = static_cast<int>(threadIdx.x % 128);
  if (b.across != transposed || a.across) std::abort();
  for (int n = 0; n < 64; ++n) {
    const int row = thread / 32 * 16 + thread % 32 / 4 + n % 4 / 2 * 8;
    const int column = n / 4 * 8 + thread % 4 * 2 + n % 2;
    float sum = add ? d[n] : 0.0f;
    for (int k = 0; k < 16; ++k) sum += number_of<T>(a, row, k) * number_of<T>(b, column, k);
    d[n] = sum;
  }
}
inline void products_begin() {}
inline void products_commit() {}
inline void products_wait(float (&)[64]) {}
inline void products_end(float (&)[64]) {}
inline void publish_to_products() {}
/// Over the whole block: the parts take the same number of barriers.
template <int threads>
void part_barrier(int) {
  emulated::barrier();
}
inline void store_blocks(void* row, const unsigned (&r)[4]) {
  auto* const* const rows = emulated::exchange_places(row);
  const auto lane = threadIdx.x % 32;
  for (unsigned i = 0; i < 4; ++i) {
    std::memcpy(static_cast<char*>(rows[8 * i + lane / 4]) + lane % 4 * 4, &r[i], 4);
  }
}
inline void load_blocks(unsigned (&r)[4], const void* row) {
  auto* const* const rows = emulated::exchange_places(const_cast<void*>(row));
  const auto lane = threadIdx.x % 32;
  for (unsigned i = 0; i < 4; ++i) {
    std::memcpy(&r[i], static_cast<const char*>(rows[8 * i + lane / 4]) + lane % 4 * 4, 4);
  }
}
}  // namespace regard::kernels::cuda
