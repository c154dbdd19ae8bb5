// Holographic attention in the folded Fourier basis on a GPU: the equations and the packed rows of
// kernels/cpu/hrr.hpp, with rows stored in fp32, fp16 or bf16 and all arithmetic and sums in fp32.
//
// No FFT, no pass for a maximum (a cosine is at most 1), and nothing of size (batch, head, time,
// width) between the passes. Every sum has a fixed order, so two runs give the same bits.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

enum class Unbind { kConj, kExact, kUnit };

/// Rows of (batch, head, time), each of `width` contiguous elements; strides count elements.
struct Rows {
  void* data;
  int64_t batch, head, time;
};

struct HrrProblem {
  int64_t batch, heads, length, width;  ///< width even, at most 256
  Storage storage;
  const int64_t* lengths =
      nullptr;  ///< (batch) on the device; null: all tokens. Rows behind give 0.
  Unbind unbind = Unbind::kConj;
  bool pads_in = false;     ///< rows behind the length enter S (and get gradients through it)
  bool time_scale = false;  ///< y_t times the number of allowed keys
  bool causal = false;      ///< S and Z are inclusive prefix sums over time
};

/// States that forward keeps for backward, a (batch, head): one, or one a chunk when causal.
int64_t hrr_states(const HrrProblem& problem);

/// Bytes of scratch memory that a call needs.
int64_t hrr_forward_scratch(const HrrProblem& problem);
int64_t hrr_backward_scratch(const HrrProblem& problem);

/// Writes all of y, s (batch, heads, states, width) and z (batch, heads, states), fp32. `stream` is
/// a cudaStream_t. Returns 0 or a cudaError_t.
int hrr_forward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows y, float* s, float* z,
                void* scratch, void* stream);

/// Sums of k o v over chunks of time, (batch, chunks, heads, width), as bind_product.hpp makes
/// them.
struct HrrBinding {
  const float* parts;
  int64_t chunks;
};

/// The same without the pass that binds; not causal, and S is the sum of all parts whatever the
/// lengths are.
int hrr_forward_binding(const HrrProblem& problem, const HrrBinding& bound, Rows q, Rows v, Rows y,
                        float* s, float* z, void* scratch, void* stream);

/// Where gradients go: rows, and (3, heads, width) sums of the rows of dq, dk and dv over batch and
/// time, the gradient of a bias that q, k and v have; null: not wanted.
struct HrrGradientsTo {
  Rows dq, dk, dv;
  float* columns = nullptr;
};

/// Whether backward gives those sums (not where it is causal).
bool hrr_sums_columns(const HrrProblem& problem);

/// Gradients of <g, y>, from the s and z of the forward; writes all of dq, dk and dv.
int hrr_backward(const HrrProblem& problem, Rows q, Rows k, Rows v, Rows g, const float* s,
                 const float* z, const HrrGradientsTo& to, void* scratch, void* stream);

}  // namespace regard::kernels::cuda
