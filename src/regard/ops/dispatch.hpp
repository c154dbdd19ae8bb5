// Choice of a kernel: an ordered table, where each row says for a problem yes, or no and why.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "regard/graph/graph.hpp"
#include "regard/ops/support.hpp"

namespace regard::ops {

/// What a kernel is asked to compute: shapes, types, graph; no data.
struct Problem {
  int64_t batch = 0, heads = 0, kv_heads = 0, queries = 0, keys = 0, width = 0;
  torch::ScalarType dtype = torch::kFloat;
  torch::DeviceType device = torch::kCPU;
  graph::Graph graph;
  bool ragged = false;   // lengths are given, of queries or of keys
  bool bias = false;     // a score bias is given
  bool dropout = false;  // of attention weights
  bool mapped = false;   // positions map q and k by their place (rotary)

  /// Queries and keys are the same positions of one sequence.
  bool whole() const { return graph.one_sequence() && queries == keys; }
};

/// The first candidate that supports the problem, or the one named by `force`.
/// Throws InputError with every reason when none fits or the forced one does not.
std::size_t choose(std::vector<Candidate>& candidates, const std::string& force,
                   const std::string& what);

/// Remembers by name that a kernel ran in this process; `kernels_that_ran` gives them in order of
/// name.
void record_kernel(const std::string& name);
std::vector<std::string> kernels_that_ran();

/// Makes every choice of this thread the named kernel until the scope ends ("" = free choice).
class ForceKernel {
 public:
  explicit ForceKernel(std::string name);
  ~ForceKernel();
  ForceKernel(const ForceKernel&) = delete;
  ForceKernel& operator=(const ForceKernel&) = delete;

 private:
  std::string before_;
};
const std::string& forced_kernel();

/// Bytes that can still be allocated on the device; infinite where there is no such device.
double free_bytes(torch::DeviceType device);

}  // namespace regard::ops
