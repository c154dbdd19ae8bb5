// The folded Fourier basis of holographic attention: circular convolution becomes an elementwise
// product.
//
// Orthonormal real DFT basis U (d, d), packed. d even: [re_0 .. re_{m-1}, im_0 .. im_{m-1}], m =
// d/2, where slot 0 holds the two real numbers (DC, Nyquist). d odd: [re_0 .. re_m, im_1 .. im_m],
// m = (d-1)/2, re_0 = DC. A pair (a, b) stands for the complex number a - i b. With Parseval, dot
// products and norms are those of the usual domain.
#pragma once

#include <torch/types.h>

namespace regard::attention {

/// Columns 1/sqrt(d), (-1)^n/sqrt(d), sqrt(2/d) cos(2 pi j n / d), sqrt(2/d) sin(2 pi j n / d);
/// float64.
torch::Tensor fourier_basis(int64_t d);

/// Slotwise product: real on the real slots, complex on pairs. With the factor sqrt(d) on real
/// slots and sqrt(d/2) on pairs this is circular convolution. With `conjugate`, of conj(x) and y:
/// circular correlation.
torch::Tensor slot_product(const torch::Tensor& x, const torch::Tensor& y, bool conjugate);

/// A coefficient of at most this part of the row's largest number counts as 0: of it fp32 holds no
/// digit, and its inverse would be noise that outweighs the rest.
constexpr double kVanishing = 0x1.0p-21;

/// 1 / |x| per complex number, the same in both halves; 0 where |x| vanishes.
torch::Tensor inverse_modulus(const torch::Tensor& x);

/// (.., 1): the power of two that brings `size` (.., 1) to [0.5, 1), at most 2^125 in fp32; no
/// gradient goes through it.
torch::Tensor unit_factor(const torch::Tensor& size);

/// (d): `real` on the real slots and 1 on pairs.
torch::Tensor real_slot_weight(int64_t d, double real, const torch::TensorOptions& options);

}  // namespace regard::attention
