// The one file that is compiled with -fopenmp (cmake/layers.cmake); PyTorch's copy of the runtime
// serves it.
#include "regard/ops/parallel.hpp"

#include <ATen/Parallel.h>

#ifndef INTRA_OP_PARALLEL
#error "at::parallel_for would be serial: compile this file with -fopenmp"
#endif

namespace regard::ops {

void parallel_for(int64_t count, int64_t grain,
                  const std::function<void(int64_t begin, int64_t end)>& body) {
  at::parallel_for(0, count, grain, body);
}

}  // namespace regard::ops
