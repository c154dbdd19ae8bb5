// What a cluster of blocks adds (Hopper and later): barriers over all of them, each other's shared
// memory, and copies into shared memory that run while threads do other work.
// tests/emulated/cuda.hpp has the same names.
#pragma once

#include "regard/kernels/cuda/device.cuh"

#ifndef REGARD_EMULATE_CUDA
namespace regard::kernels::cuda {

/// The largest cluster; above 8 a kernel has to ask for it.
constexpr int kMaxCluster = 16;

/// Blocks along x of the grid form clusters of `blocks`.
template <class... Parameters, class... Arguments>
void launch_clusters(void (*kernel)(Parameters...), int blocks, dim3 grid, int threads,
                     std::size_t shared, cudaStream_t stream, Arguments... arguments) {
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                       static_cast<int>(shared));
  if (blocks > 8) cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1);
  cudaLaunchAttribute cluster = {};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim.x = static_cast<unsigned>(blocks);
  cluster.val.clusterDim.y = cluster.val.clusterDim.z = 1;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = dim3(threads);
  config.dynamicSmemBytes = shared;
  config.stream = stream;
  config.attrs = &cluster;
  config.numAttrs = 1;
  cudaLaunchKernelEx(&config, kernel, arguments...);
}

/// Whether the current device has clusters.
inline bool has_clusters() {
  int device = 0, major = 0;
  if (cudaGetDevice(&device) != cudaSuccess) return false;
  cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
  return major >= 9;
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
__device__ inline unsigned cluster_rank() {
  unsigned rank;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
/// All threads of all blocks: what they wrote before `arrive` is seen after `wait`.
__device__ inline void cluster_arrive() {
  asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}
__device__ inline void cluster_wait() {
  asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}
/// A number in the shared memory of another block of the cluster; `mine` is its place in one's own.
__device__ inline float cluster_read(const float* mine, unsigned rank) {
  const auto here = static_cast<unsigned>(__cvta_generic_to_shared(mine));
  unsigned there;
  float value;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(here), "r"(rank));
  asm volatile("ld.shared::cluster.f32 %0, [%1];" : "=f"(value) : "r"(there) : "memory");
  return value;
}
#else  // no kernel that calls these is launched there
__device__ inline unsigned cluster_rank() { return 0; }
__device__ inline void cluster_arrive() {}
__device__ inline void cluster_wait() {}
__device__ inline float cluster_read(const float* mine, unsigned) { return *mine; }
#endif

/// 16 bytes into shared memory, zeros where not `on`; seen after copies_wait and a barrier.
__device__ inline void copy_async(void* shared, const void* global, bool on) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const int bytes = on ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes)
               : "memory");
}
/// The same through the L1 cache, where other warps of the block read it too.
__device__ inline void copy_async_cached(void* shared, const void* global, bool on) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const int bytes = on ? 16 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes)
               : "memory");
}
/// The same of 8 bytes.
__device__ inline void copy_async_8(void* shared, const void* global, bool on) {
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  const int bytes = on ? 8 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(global), "r"(bytes)
               : "memory");
}
/// Ends a group of copies.
__device__ inline void copies_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits until at most `left` of the newest groups are under way.
template <int left>
__device__ inline void copies_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
}

}  // namespace regard::kernels::cuda
#endif
