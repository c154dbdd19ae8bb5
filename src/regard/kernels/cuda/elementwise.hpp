// Elementwise maps that stand alone: dropout, the feature map of linear attention, and rows of ones
// for gradients of small tables.
#pragma once

#include <cstdint>

#include "regard/kernels/cuda/dropout_draw.hpp"
#include "regard/kernels/cuda/storage.hpp"

namespace regard::kernels::cuda {

/// y = m o x with the factors of `draw` (its own backward, with the same draw). Returns 0 or a
/// cudaError_t.
int dropout_apply(Storage storage, const void* x, void* y, int64_t count, const DropoutDraw& draw,
                  void* stream);

/// out[b][t] = table[ids[b][t]] + positions[t] (null: without), rows of `width` (a multiple of 4);
/// table and positions fp32, ids (batch, length).
int embed(Storage storage, const int64_t* ids, const float* table, const float* positions,
          void* out, int64_t batch, int64_t length, int64_t width, void* stream);

/// out[i] = sum over b of g[b][i], fp32, g (batch, count), count a multiple of 8: the gradient of
/// positions.
int batch_sums(Storage storage, const void* g, float* out, int64_t batch, int64_t count,
               void* stream);

/// Strided rows of `width` contiguous elements: (batch, head, time).
struct Rows3 {
  const void* data;
  int64_t batch, head, time;
};

/// phi(x) = elu(x) + 1 = max(x, 0) + e^min(x, 0), 0 behind `lengths` (null: none), as (batch,
/// heads, length, width).
int linear_features(Storage storage, const Rows3& x, int64_t batch, int64_t heads, int64_t length,
                    int64_t width, const int64_t* lengths, void* phi, void* stream);

/// dx = dphi min(phi, 1): e^x where x < 0, else 1; 0 where phi is 0.
int linear_features_backward(Storage storage, const void* phi, const void* dphi, void* dx,
                             int64_t count, void* stream);

/// out[n][c] = 1 where ids[n] = c, else 0; (count, columns).
int one_hot(Storage storage, const int64_t* ids, void* out, int64_t count, int64_t columns,
            void* stream);

}  // namespace regard::kernels::cuda
