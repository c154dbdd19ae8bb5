// Device work recorded once and replayed: a CUDA graph with PyTorch's allocator behind it.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

#include "regard/ops/support.hpp"

namespace regard::ops {

/// Whether this build can record on the device, and why not.
Support can_record(torch::DeviceType device);

/// Makes a stream of its own the current one of this thread until the scope ends; nothing on a
/// CPU. What is recorded must run on such a stream, and what it reads must be finished before.
class SideStream {
 public:
  explicit SideStream(torch::Device device);
  ~SideStream();
  SideStream(const SideStream&) = delete;
  SideStream& operator=(const SideStream&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One recording. Graphs that share a pool reuse each other's memory and must not overlap in time.
class DeviceGraph {
 public:
  DeviceGraph();
  ~DeviceGraph();
  /// Records `work` without running it. `work` may not wait for the device nor copy to the host.
  void record(const std::function<void()>& work, const DeviceGraph* pool_of);
  void replay();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regard::ops
