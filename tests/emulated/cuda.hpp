// CUDA kernels on a CPU, for tests on machines without a GPU: every thread of a block is a fiber; barriers and shuffles
// give way to the others. What a GPU would not forgive is an error here: a barrier that a running thread never
// reaches, a shuffle that part of a warp never joins, a launch with too many threads.
//
// REGARD_EMULATED_ORDER=N: threads take their turns in an order drawn from N, and a copy into shared memory is made as late as
// it may be, when its thread waits for it. A missing barrier or wait then gives other numbers. Without it threads
// go forwards and backwards in turn and copies are made at once, so that a buffer refilled too early shows.
//
// A .cu file is compiled as C++ with REGARD_EMULATE_CUDA defined, which makes kernels/cuda/device.cuh include this one.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <type_traits>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define __restrict__

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct float2 {
  float x, y;
};
struct alignas(16) uint4 {
  unsigned x = 0, y = 0, z = 0, w = 0;
};
using cudaStream_t = void*;
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

namespace regard::emulated {

enum class State { kReady, kAtBarrier, kAtShuffle, kAtCluster, kDone };

struct Fiber {
  ucontext_t context;
  dim3 thread, block;
  unsigned rank = 0;  // of the block in its cluster
  State state = State::kReady;
  int parity = 0;
  std::vector<std::function<void()>> open;  // copies that belong to no group yet
  std::deque<std::vector<std::function<void()>>> groups;

  void finish_copies(std::size_t left) {
    for (; groups.size() > left; groups.pop_front()) {
      for (const auto& copy : groups.front()) copy();
    }
  }
};

/// 0: the usual order.
inline unsigned order_seed() {
  static const unsigned seed = [] {
    const char* text = std::getenv("REGARD_EMULATED_ORDER");
    return text == nullptr ? 0u : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
  }();
  return seed;
}

/// One cluster at a time, most often of one block. Blocks of a larger one share what a kernel declares as static
/// shared memory, which on a GPU they do not: such a kernel may only use the dynamic one.
struct Machine {
  static constexpr std::size_t kStack = 128 * 1024;
  ucontext_t scheduler;
  std::vector<Fiber> fibers;
  std::unique_ptr<char[]> stacks;
  std::size_t stacks_for = 0, current = 0;
  dim3 grid;
  std::vector<std::vector<char>> dynamic;  // of each block of the cluster
  std::vector<float> slots[2];
  std::vector<void*> places[2];
  const std::function<void()>* body = nullptr;
  std::mt19937 random{order_seed()};

  static Machine& get() {
    static Machine machine;
    return machine;
  }

  static void enter() {
    auto& m = get();
    (*m.body)();
    m.fibers[m.current].finish_copies(0);
    m.fibers[m.current].state = State::kDone;
    swapcontext(&m.fibers[m.current].context, &m.scheduler);
  }

  void wait(State state) {
    auto& fiber = fibers[current];
    fiber.state = state;
    swapcontext(&fiber.context, &scheduler);
  }

  /// Wakes those of [begin, end) if all that still run wait for `state`.
  bool release(std::size_t begin, std::size_t end, State state) {
    bool any = false;
    for (std::size_t i = begin; i < end; ++i) {
      if (fibers[i].state == State::kDone) continue;
      if (fibers[i].state != state) return false;
      any = true;
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (fibers[i].state == state) fibers[i].state = State::kReady;
    }
    return any;
  }

  char* dynamic_of(unsigned rank) {
    return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(dynamic[rank].data()) + 15) &
                                   ~uintptr_t{15});
  }

  /// Blocks along x from `first`, `each` threads a block.
  void run_cluster(dim3 first, std::size_t blocks, std::size_t each) {
    const std::size_t threads = blocks * each;
    fibers.resize(threads);
    if (stacks_for < threads) {
      stacks = std::make_unique<char[]>(threads * kStack);
      stacks_for = threads;
    }
    for (auto& s : slots) s.assign(threads, 0.0f);
    for (auto& p : places) p.assign(threads, nullptr);
    for (std::size_t i = 0; i < threads; ++i) {
      auto& f = fibers[i];
      f.rank = static_cast<unsigned>(i / each);
      f.thread = dim3(static_cast<unsigned>(i % each), 0, 0);
      f.block = dim3(first.x + f.rank, first.y, first.z);
      f.state = State::kReady;
      f.parity = 0;
      f.open.clear();
      f.groups.clear();
      getcontext(&f.context);
      f.context.uc_stack.ss_sp = stacks.get() + i * kStack;
      f.context.uc_stack.ss_size = kStack;
      f.context.uc_link = &scheduler;
      makecontext(&f.context, &Machine::enter, 0);
    }
    for (bool forward = true;; forward = !forward) {
      bool ran = false;
      // Now from the first, now from the last, or by steps that meet all: what depends on the order shows.
      std::size_t start = forward ? 0 : threads - 1, step = forward ? 1 : threads - 1;
      if (order_seed() != 0) {
        start = random() % threads;
        do step = 1 + random() % threads;
        while (std::gcd(step, threads) != 1);
      }
      for (std::size_t n = 0; n < threads; ++n, start = (start + step) % threads) {
        current = start;
        if (fibers[current].state != State::kReady) continue;
        ran = true;
        swapcontext(&scheduler, &fibers[current].context);
      }
      for (std::size_t b = 0; b < threads; b += each) {
        for (std::size_t w = b; w < b + each; w += 32) {
          ran = release(w, std::min(w + 32, b + each), State::kAtShuffle) || ran;
        }
        ran = release(b, b + each, State::kAtBarrier) || ran;
      }
      ran = release(0, threads, State::kAtCluster) || ran;
      if (ran) continue;
      for (const auto& f : fibers) {
        if (f.state == State::kDone) continue;
        std::fprintf(stderr, "emulated CUDA: thread %u of block (%u, %u, %u) waits for ever\n",
                     f.thread.x, f.block.x, f.block.y, f.block.z);
        std::abort();
      }
      return;
    }
  }
};

inline void barrier() { Machine::get().wait(State::kAtBarrier); }

inline float exchange(float value, int mask) {
  auto& m = Machine::get();
  const std::size_t me = m.current;
  auto& fiber = m.fibers[me];
  // Two sets in turn: the fastest thread is at most one exchange ahead of the slowest.
  auto& slots = m.slots[fiber.parity ^= 1];
  slots[me] = value;
  m.wait(State::kAtShuffle);
  const std::size_t other = (me & ~std::size_t{31}) | ((me & 31) ^ static_cast<std::size_t>(mask));
  return slots[other];
}

/// What each lane of the warp gives.
inline void* const* exchange_places(void* place) {
  auto& m = Machine::get();
  const std::size_t me = m.current;
  auto& fiber = m.fibers[me];
  auto& places = m.places[fiber.parity ^= 1];
  places[me] = place;
  m.wait(State::kAtShuffle);
  return places.data() + (me & ~std::size_t{31});
}

/// Blocks along x of the grid form clusters of `blocks`.
template <class Kernel, class... Arguments>
void launch_clusters(Kernel kernel, int blocks, dim3 grid, int threads, std::size_t dynamic,
                     cudaStream_t, Arguments... arguments) {
  if (threads < 1 || threads > 1024 || threads * blocks > 16384 || dynamic > 227 * 1024 ||
      grid.x % blocks != 0 || grid.y > 65535 || grid.z > 65535) {
    std::fprintf(stderr, "emulated CUDA: a launch that no GPU takes\n");
    std::abort();
  }
  auto& m = Machine::get();
  const std::function<void()> body = [&] { kernel(arguments...); };
  m.body = &body;
  m.grid = grid;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; x += static_cast<unsigned>(blocks)) {
        // Shared memory starts with anything.
        m.dynamic.assign(static_cast<std::size_t>(blocks),
                         std::vector<char>(dynamic + 16, static_cast<char>(0xAB)));
        m.run_cluster(dim3(x, y, z), static_cast<std::size_t>(blocks),
                      static_cast<std::size_t>(threads));
      }
    }
  }
}

template <class Kernel, class... Arguments>
void launch(Kernel kernel, dim3 grid, int threads, std::size_t dynamic, cudaStream_t stream,
            Arguments... arguments) {
  launch_clusters(kernel, 1, grid, threads, dynamic, stream, arguments...);
}

inline unsigned rank() { return Machine::get().fibers[Machine::get().current].rank; }
inline void* dynamic_shared() { return Machine::get().dynamic_of(rank()); }

}  // namespace regard::emulated

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
