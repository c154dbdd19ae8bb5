#include "regard/ops/device_graph.hpp"

#include "regard/base/error.hpp"
#ifdef REGARD_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#endif

namespace regard::ops {

#ifdef REGARD_CUDA

bool can_record(torch::Device device) { return device.is_cuda(); }

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

#else

bool can_record(torch::Device) { return false; }

struct SideStream::State {};
SideStream::SideStream(torch::Device) {}

struct DeviceGraph::State {};
DeviceGraph::DeviceGraph() = default;
void DeviceGraph::record(const std::function<void()>&, const DeviceGraph*) {
  throw RunError("device graph: this build has no CUDA (preset cuda)");
}
void DeviceGraph::replay() {}

#endif

SideStream::~SideStream() = default;
DeviceGraph::~DeviceGraph() = default;

}  // namespace regard::ops
