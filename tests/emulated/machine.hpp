// The machine of tests/emulated/cuda.hpp: blocks, one fiber for each of their threads, and the
// order in which these go on.
//
// REGARD_EMULATED_ORDER=N: threads take their turns in an order drawn from N, and a copy into
// shared memory is made as late as it may be, when its thread waits for it. A missing barrier or
// wait then gives other numbers. Without it threads go forwards and backwards in turn and copies
// are made at once, so that a buffer refilled too early shows.
#pragma once

#include <ucontext.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
using cudaStream_t = void*;

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

/// One cluster at a time, most often of one block. Blocks of a larger one share what a kernel
/// declares as static shared memory, which on a GPU they do not: such a kernel may only use the
/// dynamic one.
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
      // Now from the first, now from the last, or by steps that meet all: what depends on the order
      // shows.
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
