#include "regard/ops/step/device_graph.hpp"

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>

namespace regard::ops {

Support can_record(torch::DeviceType device) {
  return device == torch::kCUDA ? Support::yes() : Support::no("CUDA graphs are of GPUs");
}

struct SideStream::State {
  explicit State(torch::Device device)
      : before(c10::cuda::getCurrentCUDAStream(device.index())),
        stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {
    before.synchronize();
    c10::cuda::setCurrentCUDAStream(stream);
  }
  ~State() {
    // A failure here was reported by the work itself.
    try {
      stream.synchronize();
    } catch (const c10::Error&) {
    }
    c10::cuda::setCurrentCUDAStream(before);
  }
  c10::cuda::CUDAStream before, stream;
};

SideStream::SideStream(torch::Device device)
    : state_(device.is_cuda() ? std::make_unique<State>(device) : nullptr) {}

struct DeviceGraph::State {
  at::cuda::CUDAGraph graph;
};

DeviceGraph::DeviceGraph() : state_(std::make_unique<State>()) {}

void DeviceGraph::record(const std::function<void()>& work, const DeviceGraph* pool_of) {
  const auto pool = pool_of ? pool_of->state_->graph.pool() : c10::MempoolId_t{0, 0};
  state_->graph.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
  try {
    work();
  } catch (...) {
    try {
      state_->graph.capture_end();
    } catch (const c10::Error&) {  // the first error says more
    }
    throw;
  }
  state_->graph.capture_end();
}

void DeviceGraph::replay() { state_->graph.replay(); }

SideStream::~SideStream() = default;
DeviceGraph::~DeviceGraph() = default;

}  // namespace regard::ops
