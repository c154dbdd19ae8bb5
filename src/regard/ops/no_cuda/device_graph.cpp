#include "regard/ops/step/device_graph.hpp"

#include "regard/base/error.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {

Support can_record(torch::DeviceType device) {
  return Support::no(device == torch::kCUDA ? kNoCuda : "CUDA graphs are of GPUs");
}

struct SideStream::State {};
SideStream::SideStream(torch::Device) {}
SideStream::~SideStream() = default;

struct DeviceGraph::State {};
DeviceGraph::DeviceGraph() = default;
DeviceGraph::~DeviceGraph() = default;
void DeviceGraph::record(const std::function<void()>&, const DeviceGraph*) {
  throw RunError(std::string("device graph: ") + kNoCuda);
}
void DeviceGraph::replay() {}

}  // namespace regard::ops
