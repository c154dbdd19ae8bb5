#include "regard/attention/fourier.hpp"

#include <ATen/ops/constant_pad_nd.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "regard/ops/kept_constant.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

Tensor make_basis(int64_t d) {
  auto u = at::empty({d, d}, torch::kDouble);
  auto a = u.accessor<double, 2>();
  const int64_t pairs = (d - 1) / 2, half = d % 2 == 0 ? d / 2 : pairs + 1;
  const double dd = static_cast<double>(d);
  for (int64_t n = 0; n < d; ++n) {
    a[n][0] = 1 / std::sqrt(dd);
    if (d % 2 == 0) a[n][half] = (n % 2 == 0 ? 1 : -1) / std::sqrt(dd);
    for (int64_t j = 1; j <= pairs; ++j) {
      // j n reduced modulo d keeps the angle exact for long rows.
      const double angle = 2 * std::numbers::pi * static_cast<double>(j * n % d) / dd;
      a[n][j] = std::sqrt(2 / dd) * std::cos(angle);
      a[n][d % 2 == 0 ? half + j : half + j - 1] = std::sqrt(2 / dd) * std::sin(angle);
    }
  }
  return u;
}

struct Halves {
  Tensor re, im;  // for odd d, im has a zero in front for the single real slot
};

Halves split(const Tensor& x) {
  const int64_t d = x.size(-1), half = (d + 1) / 2;
  const auto im = x.narrow(-1, half, d - half);
  return {x.narrow(-1, 0, half), d % 2 == 0 ? im : at::constant_pad_nd(im, {1, 0})};
}

Tensor join(const Tensor& re, const Tensor& im, int64_t d) {
  return at::cat({re, d % 2 == 0 ? im : im.narrow(-1, 1, im.size(-1) - 1)}, -1);
}

}  // namespace

Tensor fourier_basis(int64_t d) {
  static ops::MadeOnce bases(make_basis);
  return bases(d);
}

Tensor slot_product(const Tensor& x, const Tensor& y, bool conjugate) {
  const int64_t d = x.size(-1);
  const auto a = split(x), b = split(y);
  const auto ii = a.im * b.im;
  const auto cross = conjugate ? a.re * b.im - a.im * b.re : a.re * b.im + a.im * b.re;
  if (d % 2 == 1) return join(conjugate ? a.re * b.re + ii : a.re * b.re - ii, cross, d);
  // Slot 0 of both halves is a real number of its own: no cross terms there.
  auto pairs = at::ones({d / 2}, x.options());
  pairs.narrow(0, 0, 1).zero_();
  const auto re =
      conjugate ? at::addcmul(a.re * b.re, ii, pairs) : at::addcmul(a.re * b.re, ii, pairs, -1);
  return at::cat({re, cross * pairs + ii * (1 - pairs)}, -1);
}

Tensor inverse_modulus(const Tensor& x) {
  const int64_t d = x.size(-1);
  const auto a = split(x);
  auto square_re = a.re * a.re, square_im = a.im * a.im;
  Tensor re, im;
  if (d % 2 == 1) {
    re = im = square_re + square_im;
  } else {
    auto pairs = at::ones({d / 2}, x.options());
    pairs.narrow(0, 0, 1).zero_();
    re = square_re + square_im * pairs;
    im = square_im + square_re * pairs;
  }
  const auto square = join(re, im, d);
  const auto size = x.detach().abs().amax({-1}, true);
  const auto zero = square <= size * size * (kVanishing * kVanishing);
  return square.masked_fill(zero, 1.0).rsqrt().masked_fill(zero, 0.0);
}

Tensor unit_factor(const Tensor& size) {
  const double least = size.scalar_type() == torch::kDouble ? std::numeric_limits<double>::min()
                                                            : std::numeric_limits<float>::min();
  const auto held = size.detach().clamp_min(least);
  return std::get<0>(at::frexp(held)) / held;
}

Tensor real_slot_weight(int64_t d, double real, const torch::TensorOptions& options) {
  auto weight = at::ones({d}, options);
  weight.narrow(0, 0, 1).fill_(real);
  if (d % 2 == 0) weight.narrow(0, d / 2, 1).fill_(real);
  return weight;
}

}  // namespace regard::attention
