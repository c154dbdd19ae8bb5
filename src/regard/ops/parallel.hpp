// PyTorch's thread pool for our kernels.
#pragma once

#include <cstdint>
#include <functional>

namespace regard::ops {

/// Calls `body` on ranges that cover [0, count), on PyTorch's threads; ranges hold at least `grain`
/// units.
/// Use this and not at::parallel_for, which runs serially in a file that is compiled without
/// OpenMP.
void parallel_for(int64_t count, int64_t grain,
                  const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace regard::ops
