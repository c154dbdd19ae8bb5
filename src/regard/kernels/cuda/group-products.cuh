// Matrix products of 128 threads with fp32 sums in registers (Hopper: wgmma), and blocks of 8 x 8
// numbers between shared memory and the registers of a warp. Matrices lie in shared memory in rows
// of 128 bytes, 64 numbers, the 16-byte piece p of row r at place (p ^ r % 8); 8 rows are 1024
// bytes, on a boundary of them. tests/emulated/cuda.hpp has the same names.
#pragma once

#include <cstring>
#include <type_traits>

#include "regard/kernels/cuda/storage-device.cuh"

#ifndef REGARD_EMULATE_CUDA
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define REGARD_GROUP_PRODUCTS 1
#endif

namespace regard::kernels::cuda {

/// Whether the current device has them. Code for it is made for compute capability 9.0 alone.
inline bool has_group_products() {
  int device = 0, major = 0, minor = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return false;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device);
  return major == 9 && minor == 0;
}
inline int multiprocessors() {
  int device = 0, count = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return 1;
  cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device);
  return count;
}

#ifdef REGARD_GROUP_PRODUCTS

/// A matrix as the instruction wants it named.
struct Operand {
  uint64_t name;
};
__device__ inline uint64_t place_of_operand(const void* shared) {
  constexpr uint64_t kEightRows = uint64_t{1024 >> 4} << 32, kSwizzled = uint64_t{1} << 62;
  const auto place = static_cast<uint64_t>(__cvta_generic_to_shared(shared)) & 0x3ffff;
  return place >> 4 | kEightRows | kSwizzled;
}
/// Numbers of one sum lie along a row.
__device__ inline Operand along_rows(const void* shared) {
  return {place_of_operand(shared) | uint64_t{1} << 16};
}
/// Numbers of one sum lie in a column; `next`: bytes to the next 64 columns.
__device__ inline Operand across_rows(const void* shared, int next) {
  return {place_of_operand(shared) | static_cast<uint64_t>(next >> 4) << 16};
}

#define REGARD_4(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define REGARD_16(d, i) REGARD_4(d, i), REGARD_4(d, i + 4), REGARD_4(d, i + 8), REGARD_4(d, i + 12)
#define REGARD_64(d) REGARD_16(d, 0), REGARD_16(d, 16), REGARD_16(d, 32), REGARD_16(d, 48)
#define REGARD_64_NAMES                                              \
  "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"           \
  "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31," \
  "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47," \
  "%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"

/// d (64, 128) = a (64, 16) b (128, 16)^T + (add ? d : 0); b across rows where `transposed`. d[4 j
/// + i] of thread t: row 16 (t / 32) + t % 32 / 4 + 8 (i / 2), column 8 j + 2 (t % 4) + i % 2. Ends
/// with products_end.
template <class T, bool transposed>
__device__ inline void multiply(float (&d)[64], Operand a, Operand b, bool add) {
#define REGARD_MULTIPLY(type)                                                           \
  asm volatile(                                                                         \
      "{\n.reg .pred p;\nsetp.ne.b32 p, %66, 0;\n"                                      \
      "wgmma.mma_async.sync.aligned.m64n128k16.f32." type "." type " {" REGARD_64_NAMES \
      "}, %64, %65, p, 1, 1, 0, %67;\n}\n"                                              \
      : REGARD_64(d)                                                                    \
      : "l"(a.name), "l"(b.name), "r"(add ? 1 : 0), "n"(transposed ? 1 : 0))
  if constexpr (std::is_same_v<T, __half>) {
    REGARD_MULTIPLY("f16");
  } else {
    REGARD_MULTIPLY("bf16");
  }
#undef REGARD_MULTIPLY
}
__device__ inline void products_begin() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
/// The products so far become a group, which ends with products_wait. Until then nothing may touch
/// their sums.
__device__ inline void products_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}
__device__ inline void products_wait(float (&d)[64]) {
  asm volatile("wgmma.wait_group.sync.aligned 0;" : REGARD_64(d)::"memory");
}
__device__ inline void products_end(float (&d)[64]) {
  products_commit();
  products_wait(d);
}
#undef REGARD_64_NAMES
#undef REGARD_64
#undef REGARD_16
#undef REGARD_4

/// What this thread wrote into shared memory is seen by products that begin after a barrier.
__device__ inline void publish_to_products() {
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

/// A barrier of `threads` threads; barrier 0 is __syncthreads.
template <int threads>
__device__ inline void part_barrier(int name) {
  if (name == 1) {
    asm volatile("bar.sync 1, %0;" ::"n"(threads) : "memory");
  } else {
    asm volatile("bar.sync 2, %0;" ::"n"(threads) : "memory");
  }
}

/// Four 8 x 8 blocks of 16-bit numbers: lane l gives row l % 8 of block l / 8, and holds of each
/// block the numbers 2 (l % 4) and the next of row l / 4.
__device__ inline void store_blocks(void* row, const unsigned (&r)[4]) {
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(at), "r"(r[0]),
               "r"(r[1]), "r"(r[2]), "r"(r[3])
               : "memory");
}
__device__ inline void load_blocks(unsigned (&r)[4], const void* row) {
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(at)
               : "memory");
}

#endif
}  // namespace regard::kernels::cuda
#endif

namespace regard::kernels::cuda {

constexpr int kRowBytes = 128, kBoundary = 8 * kRowBytes;

/// Where piece `piece` of a row lies in a matrix of rows of 128 bytes, `rows` rows before its next
/// 64 columns.
__device__ inline int place_of(int row, int piece, int rows) {
  return (piece / 8 * rows + row) * kRowBytes + (piece % 8 ^ row % 8) * 16;
}

/// Two numbers in 32 bits, the first in the lower ones.
template <class T>
__device__ inline unsigned pack_two(float a, float b) {
  unsigned bits;
  if constexpr (std::is_same_v<T, __half>) {
    const auto two = __floats2half2_rn(a, b);
    memcpy(&bits, &two, sizeof(bits));
  } else {
    const auto two = __floats2bfloat162_rn(a, b);
    memcpy(&bits, &two, sizeof(bits));
  }
  return bits;
}
template <class T>
__device__ inline float2 unpack_two(unsigned bits) {
  Pack<T, 2> two;
  memcpy(&two, &bits, sizeof(bits));
  return {to_float(two.x[0]), to_float(two.x[1])};
}

}  // namespace regard::kernels::cuda
