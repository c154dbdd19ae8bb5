// Host values into scalars on the device, in one kernel that needs no buffer to copy from.
#pragma once

#include <cstdint>

namespace regard::kernels::cuda {

struct ScalarToSet {
  void* to;      ///< int64_t* if whole, else float*
  double value;  ///< whole: exact up to 2^53
  bool whole;
};

constexpr int kMostScalars = 8;

/// count <= kMostScalars; `scalars` is on the host, read before the call returns. Returns 0 or a
/// cudaError_t.
int set_scalars(const ScalarToSet* scalars, int count, void* stream);

}  // namespace regard::kernels::cuda
