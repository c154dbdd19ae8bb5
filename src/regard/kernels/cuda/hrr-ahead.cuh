// Rows of holographic attention on their way while others are worked on: in shared memory, where
// they take no registers and leave room for more blocks, or one row ahead in registers where a
// layout has no vectors.
#pragma once

#include <climits>
#include <type_traits>

#include "regard/kernels/cuda/cluster.cuh"
#include "regard/kernels/cuda/hrr-token.cuh"

namespace regard::kernels::cuda {

/// Elements in a piece of a row where a thread has sums of them: of 8 it would need the registers
/// of two.
constexpr int kSmallPiece = 4;

/// The tokens that a block takes: in turn i those from token first + i step on that are below
/// `end`.
struct Tokens {
  int64_t batch;
  int first, step, turns;
  int least, end;  // none is before or behind these
};

/// The tokens of this block before token `end`, from the last turn on where `back`: a pass that
/// goes against the one before it begins with what the cache still holds.
__device__ inline Tokens tokens_of(const Grid& grid, const Place& p, int64_t end, bool back) {
  const int block = static_cast<int>(blockIdx.x);
  Tokens out{blockIdx.y, block * p.tokens,     static_cast<int>(gridDim.x) * p.tokens, 0,
             0,          static_cast<int>(end)};
  if (grid.run > 0) {
    out.first = block * grid.run;
    out.step = p.tokens;
    out.end = min(out.end, out.first + grid.run);
  }
  out.turns = out.end > out.first ? (out.end - out.first + out.step - 1) / out.step : 0;
  out.least = out.first;
  if (back) {
    out.first += (out.turns - 1) * out.step;
    out.step = -out.step;
  }
  return out;
}

/// Each thread reads what it copied itself, so that it needs no barrier.
template <class T, class L, int depth>
struct RowsAhead {
  static constexpr int kDepth = depth;
  static constexpr int kPiece = L::kVector * sizeof(T);  // 8, 16 or 32 bytes
  static constexpr int kSlot = 2 * kPiece * kThreads, kBytes = depth * kSlot;
  char* mine;
  const T* from;
  int64_t stride;
  int half, token, least;  // of tokens; least beyond all of them where the thread has none

  __device__ RowsAhead(char* memory, const Rows& rows, const Place& p, const Tokens& of) {
    mine = memory + threadIdx.x * kPiece;
    const int slot = p.at.slot<L>(0);
    half = p.at.half;
    token = p.token;
    least = p.on && slot < half ? of.least : INT_MAX;
    from = row_of<const T>(rows, of.batch, p.head, of.first + p.token) + slot;
    stride = rows.time * of.step;
  }
  /// The rows of the next turn, which begins with token t; zeros from token `end` on.
  __device__ void start(int slot, int t, int end) {
    const bool on = t >= least && t + token < end;
    char* const to = mine + slot * kSlot;
    const auto copy = [&](char* shared, const T* global) {
      if constexpr (kPiece == 8) {
        copy_async_8(shared, global, on);
      } else {
#pragma unroll
        for (int byte = 0; byte < kPiece; byte += 16) {
          copy_async(shared + byte, global + byte / static_cast<int>(sizeof(T)), on);
        }
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
  int token, least;

  __device__ RowInRegisters(char*, const Rows& rows, const Place& p, const Tokens& of) {
    at = p.at;
    token = p.token;
    least = p.on ? of.least : INT_MAX;
    from = row_of<const T>(rows, of.batch, p.head, of.first + p.token);
    stride = rows.time * of.step;
  }
  __device__ void start(int, int t, int end) {
    raw = load_raw<T, L>(from, at, t >= least && t + token < end);
    from += stride;
  }
  __device__ Slots<L> take(int) const { return widen(raw); }
};

template <class L>
constexpr bool kHasVectors = L::kVector >= 4 && L::kPieces == 1;

template <class T, class L, int depth>
using NextRows = std::conditional_t<kHasVectors<L>, RowsAhead<T, L, depth>, RowInRegisters<T, L>>;

constexpr std::size_t at_least(std::size_t bytes, std::size_t least) {
  return bytes < least ? least : bytes;
}

/// start(slot, t) brings the turn that begins with token t, take(slot) reads it, use(t) works on
/// it; all threads of a block take the same turns.
template <int depth, class Start, class Take, class Use>
__device__ inline void each_turn(const Tokens& tokens, const Start& start, const Take& take,
                                 const Use& use) {
#pragma unroll
  for (int i = 0; i < depth; ++i) {
    start(i, tokens.first + i * tokens.step);
    copies_commit();
  }
  int slot = 0, t = tokens.first;
  for (int turn = 0; turn < tokens.turns; ++turn) {
    copies_wait<depth - 1>();
    take(slot);
    start(slot, t + depth * tokens.step);
    copies_commit();
    use(t);
    slot = slot == depth - 1 ? 0 : slot + 1;
    t += tokens.step;
  }
  copies_wait<0>();
}

}  // namespace regard::kernels::cuda
