// Rows of holographic attention on their way while others are worked on: in shared memory, where they take no registers and
// leave room for more blocks, or one row ahead in registers where a layout has no vectors.
#pragma once

#include <type_traits>

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/hrr-token.cuh"

namespace regard::kernels::cuda {

/// Elements in a piece of a row where a thread has sums of them: of 8 it would need the registers of two.
constexpr int kSmallPiece = 4;

/// The tokens of a block: `count` of them from token `first` on, forward or back.
struct Tokens {
  int64_t batch, first;
  int count;
  bool back;
};

/// Each thread reads what it copied itself, so that it needs no barrier.
template <class T, class L, int depth>
struct RowsAhead {
  static constexpr int kDepth = depth;
  static constexpr int kPiece = L::kVector * sizeof(T);  // 8 or 16 bytes
  static constexpr int kSlot = 2 * kPiece * kThreads, kBytes = depth * kSlot;
  char* mine;
  const T* from;
  int64_t stride;
  int half, token, count;  // count 0 where the thread has none

  __device__ RowsAhead(char* memory, const Rows& rows, const Place& p, const Tokens& of) {
    mine = memory + threadIdx.x * kPiece;
    const int slot = p.at.slot<L>(0);
    half = p.at.half;
    token = p.token;
    count = p.on && slot < half ? of.count : 0;
    const int64_t t = of.back ? of.first - p.token : of.first + p.token;
    from = row_of<const T>(rows, of.batch, p.head, t) + slot;
    stride = (of.back ? -rows.time : rows.time) * p.tokens;
  }
  /// The rows of the next turn, which begins `off` tokens behind the first; zeros where less than `skip` are.
  __device__ void start(int slot, int off, int skip) {
    const bool on = off + token >= skip && off + token < count;
    char* const to = mine + slot * kSlot;
    const auto copy = [&](char* shared, const T* global) {
      if constexpr (kPiece == 16) {
        copy_async(shared, global, on);
      } else {
        copy_async_8(shared, global, on);
      }
    };
    copy(to, from);
    copy(to + kThreads * kPiece, from + half);
    from += stride;
  }
  __device__ Slots<L> take(int slot) const {
    RawRow<T, L> raw;
    raw.re[0] = *reinterpret_cast<const Pack<T, L::kVector>*>(mine + slot * kSlot);
    raw.im[0] =
        *reinterpret_cast<const Pack<T, L::kVector>*>(mine + slot * kSlot + kThreads * kPiece);
    return widen(raw);
  }
};

/// The same with one row in registers.
template <class T, class L>
struct RowInRegisters {
  static constexpr int kDepth = 1, kBytes = 0;
  RawRow<T, L> raw;
  const T* from;
  int64_t stride;
  Lane at;
  int token, count;

  __device__ RowInRegisters(char*, const Rows& rows, const Place& p, const Tokens& of) {
    at = p.at;
    token = p.token;
    count = p.on ? of.count : 0;
    from =
        row_of<const T>(rows, of.batch, p.head, of.back ? of.first - p.token : of.first + p.token);
    stride = (of.back ? -rows.time : rows.time) * p.tokens;
  }
  __device__ void start(int, int off, int skip) {
    raw = load_raw<T, L>(from, at, off + token >= skip && off + token < count);
    from += stride;
  }
  __device__ Slots<L> take(int) const { return widen(raw); }
};

template <class L>
constexpr bool kHasVectors = L::kVector >= 4 && L::kPieces == 1;

template <class T, class L, int depth>
using NextRows = std::conditional_t<kHasVectors<L>, RowsAhead<T, L, depth>, RowInRegisters<T, L>>;

/// start(slot, off) brings a turn, take(slot) reads it, use(off) works on it; all threads of a block take the same turns.
template <int depth, class Start, class Take, class Use>
__device__ inline void each_turn(int turns, int step, const Start& start, const Take& take,
                                 const Use& use) {
#pragma unroll
  for (int i = 0; i < depth; ++i) {
    start(i, i * step);
    copies_commit();
  }
  int slot = 0, off = 0;
  for (int turn = 0; turn < turns; ++turn) {
    copies_wait<depth - 1>();
    take(slot);
    start(slot, off + depth * step);
    copies_commit();
    use(off);
    slot = slot == depth - 1 ? 0 : slot + 1;
    off += step;
  }
  copies_wait<0>();
}

}  // namespace regard::kernels::cuda
