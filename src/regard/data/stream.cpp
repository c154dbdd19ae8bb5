#include "regard/data/stream.hpp"

namespace regard::data {

nn::Batch to_device(const nn::Batch& batch, torch::Device device) {
  const auto move = [&](const torch::Tensor& tensor) {
    return tensor.defined() ? tensor.to(device, /*non_blocking=*/true) : tensor;
  };
  auto moved = batch;
  moved.inputs = move(batch.inputs);
  moved.lengths = move(batch.lengths);
  moved.targets = move(batch.targets);
  return moved;
}

}  // namespace regard::data
