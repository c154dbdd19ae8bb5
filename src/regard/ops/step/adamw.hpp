// The end of a training step in three launches on a GPU: gradient norm, record and clipping, AdamW.
#pragma once

#include <torch/types.h>

#include <vector>

#include "regard/ops/support.hpp"

namespace regard::ops {

/// Parameters with their gradients and moments, index by index.
struct AdamWTensors {
  std::vector<torch::Tensor> w, g, m, v;
  std::vector<double> decay;
};

struct AdamWRule {
  double beta1, beta2, eps;
  double clip;  ///< the greatest norm of all gradients together; 0: any
};

/// Scalars on the device that a step reads and writes.
struct StepRecord {
  torch::Tensor lr, loss;  // () float
  torch::Tensor step;      // () int64, from 0
  torch::Tensor updates;   // () float: updates done
  torch::Tensor ring;      // (capacity, 2) float: loss and norm of step s in row s % capacity
  torch::Tensor bad,
      bad_step;  // () float: 1 from the first bad step on; () int64: that step, or -1
};

/// The three launches run on a GPU of a CUDA build.
Support can_finish_step(torch::DeviceType device);

/// Notes loss and norm, clips, and updates all tensors by the equations of kernels/cuda/adamw.hpp;
/// a bad step changes nothing else. Can be recorded; waits for nothing. Only for dense tensors of
/// one GPU, fp32 but for gradients of any type: else false, and nothing was done.
bool finish_step(const AdamWTensors& tensors, const AdamWRule& rule, const StepRecord& record);

}  // namespace regard::ops
