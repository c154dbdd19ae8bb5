// Holographic attention in the folded Fourier basis, forward and backward, without an FFT; fp32 or
// bf16 in memory, fp32 in arithmetic:
//
//   S = sum_t k_t o v_t;   z_t = conj(q_t) o (lambda S);   a_t = <v_t, z_t> / (|v_t| |z_t|);
//   e_t = exp(a_t);   Z = sum_t e_t;   y_t = m e_t / Z v_t
//
// A row of width d (even) holds d/2 complex numbers, packed: re[0..d/2), then im[0..d/2); slot 0
// holds two real ones, DC and Nyquist. `o` multiplies slot by slot; lambda is 2 on slot 0, else 1,
// the weight that two bindings leave on the real slots of an orthonormal basis. a_t = 0, with
// gradient 0, where
// |v_t|^2 or, S taken at unit size, |z_t|^2 is below the smallest normal float: a zero vector has
// no direction. Rows of q, v and g may thus be as small as 1e-18, k at any size, all as large as
// 1e15.
#pragma once

#include <cstdint>

#include "regard/kernels/cpu/bfloat16.hpp"
#include "regard/kernels/cpu/parallel.hpp"

namespace regard::kernels {

/// Rows of (batch, head, time), each of `width` contiguous elements; strides count elements.
template <class T>
struct HeadView {
  T* data;
  int64_t batch, head, time;
  T* row(int64_t b, int64_t h, int64_t t) const { return data + b * batch + h * head + t * time; }
};

struct HrrProblem {
  int64_t batch, heads, length, width;
  const int64_t* lengths =
      nullptr;              ///< (batch), in [0, length]; null: all tokens. Rows behind give 0.
  bool causal = false;      ///< S and Z are inclusive prefix sums over time
  bool time_scale = false;  ///< m = number of allowed keys (the length, or t + 1), else 1
  bool pads_in = false;     ///< rows behind the length enter S, and nothing else; not with causal
};

/// Tokens between two states that a causal forward keeps.
inline constexpr int64_t kHrrChunk = 64;

/// States that forward keeps for backward, a (batch, head): the final S and Z alone; when causal, S
/// and Z before each chunk of kHrrChunk tokens.
int64_t hrr_states(const HrrProblem& problem);

/// T is float or BFloat16, also below. Writes every element of y, of s (batch, heads, states,
/// width) and of z (batch, heads, states).
template <class T>
void hrr_forward(const HrrProblem& problem, HeadView<const T> q, HeadView<const T> k,
                 HeadView<const T> v, HeadView<T> y, float* s, float* z,
                 const ParallelFor& parallel);

/// Gradients of <g, y>, from the s and z of the forward; writes every element of dq, dk and dv.
template <class T>
void hrr_backward(const HrrProblem& problem, HeadView<const T> q, HeadView<const T> k,
                  HeadView<const T> v, HeadView<const T> g, const float* s, const float* z,
                  HeadView<T> dq, HeadView<T> dk, HeadView<T> dv, const ParallelFor& parallel);

/// The instruction set that the two run on here, as Highway names it ("AVX3").
const char* hrr_target();

}  // namespace regard::kernels
