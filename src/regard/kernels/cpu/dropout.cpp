#include "regard/kernels/cpu/dropout.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "regard/kernels/cpu/dropout.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "regard/kernels/cpu/rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace regard::kernels::HWY_NAMESPACE {

/// High and low halves of 32 x 32 bits.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void multiply(D d, V a, uint32_t by, V& high, V& low) {
#if HWY_TARGET == HWY_SCALAR
  const uint64_t product = uint64_t{hn::GetLane(a)} * by;
  high = hn::Set(d, static_cast<uint32_t>(product >> 32));
  low = hn::Set(d, static_cast<uint32_t>(product));
#else
  const hn::RepartitionToWide<D> wide;
  const auto b = hn::Set(d, by);
  const auto even = hn::MulEven(a, b);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, a))), b);
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
#endif
}

/// scale[4 lane + word] for the blocks from `block` on, one a lane: base/philox.hpp in vectors.
template <class D>
HWY_INLINE void draw_scales(D d, const cpu::DropoutDraw& draw, uint64_t block, float* scale) {
  const hn::Rebind<float, D> df;
  const auto lane = hn::Iota(d, 0u);
  auto c0 = hn::Add(hn::Set(d, static_cast<uint32_t>(block)), lane);
  const auto carry = hn::VecFromMask(d, hn::Lt(c0, lane));  // all ones, that is -1
  auto c1 = hn::Sub(hn::Set(d, static_cast<uint32_t>(block >> 32)), carry);
  auto c2 = hn::Set(d, static_cast<uint32_t>(draw.step));
  auto c3 = hn::Set(d, static_cast<uint32_t>(draw.step >> 32));
  auto k0 = static_cast<uint32_t>(draw.key), k1 = static_cast<uint32_t>(draw.key >> 32);
  for (int round = 0; round < 10; ++round) {
    auto high_a = c0, low_a = c0, high_b = c0, low_b = c0;
    multiply(d, c0, 0xD2511F53u, high_a, low_a);
    multiply(d, c2, 0xCD9E8D57u, high_b, low_b);
    c0 = hn::Xor(high_b, hn::Xor(c1, hn::Set(d, k0)));
    c1 = low_b;
    c2 = hn::Xor(high_a, hn::Xor(c3, hn::Set(d, k1)));
    c3 = low_a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const auto bound = hn::Set(d, draw.bound);
  const auto keep = hn::Set(df, draw.keep);
  const auto scaled = [&](auto bits) HWY_ATTR {
    return hn::IfThenZeroElse(hn::RebindMask(df, hn::Lt(bits, bound)), keep);
  };
  hn::StoreInterleaved4(scaled(c0), scaled(c1), scaled(c2), scaled(c3), df, scale);
}

template <class D>
HWY_INLINE hn::Vec<D> widened(D d, const float* from) {
  return hn::LoadU(d, from);
}

template <class T>
void draw_and_scale(const cpu::DropoutDraw& draw, const T* x, T* y, int64_t begin, int64_t end) {
  const hn::ScalableTag<uint32_t> d;
  const hn::ScalableTag<float> df;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kMost = 4 * hn::MaxLanes(d);
  HWY_ALIGN float scale[kMost];
  const auto group = [&](const T* from, T* to) HWY_ATTR {
    for (int64_t i = 0; i < 4 * lanes; i += lanes)
      write(df, hn::Mul(widened(df, from + i), hn::LoadU(df, scale + i)), to + i, false);
  };
  int64_t i = begin;
  for (; i + 4 * lanes <= end; i += 4 * lanes) {
    draw_scales(d, draw, static_cast<uint64_t>(i / 4), scale);
    group(x + i, y + i);
  }
  if (i == end) return;
  T rest[kMost] = {};
  std::copy(x + i, x + end, rest);
  draw_scales(d, draw, static_cast<uint64_t>(i / 4), scale);
  group(rest, rest);
  std::copy(rest, rest + (end - i), y + i);
}

void dropout_float(const cpu::DropoutDraw& draw, const float* x, float* y, int64_t begin,
                   int64_t end) {
  draw_and_scale(draw, x, y, begin, end);
}
void dropout_bfloat16(const cpu::DropoutDraw& draw, const BFloat16* x, BFloat16* y, int64_t begin,
                      int64_t end) {
  draw_and_scale(draw, x, y, begin, end);
}
const char* dropout_target_name() { return hwy::TargetName(HWY_TARGET); }

}  // namespace regard::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace regard::kernels {

HWY_EXPORT(dropout_float);
HWY_EXPORT(dropout_bfloat16);
HWY_EXPORT(dropout_target_name);

namespace cpu {

template <>
void dropout(const DropoutDraw& draw, const float* x, float* y, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(dropout_float)(draw, x, y, begin, end);
}

template <>
void dropout(const DropoutDraw& draw, const BFloat16* x, BFloat16* y, int64_t begin, int64_t end) {
  HWY_DYNAMIC_DISPATCH(dropout_bfloat16)(draw, x, y, begin, end);
}

const char* dropout_target() { return HWY_DYNAMIC_DISPATCH(dropout_target_name)(); }

}  // namespace cpu
}  // namespace regard::kernels
#endif
