// Whole jobs side by side in one process, for who trains many small models.
#pragma once

#include <cstdint>
#include <functional>

namespace regard::ops {

/// Runs body(0) .. body(count - 1), `threads` at a time (at least one), with one thread of PyTorch
/// each. The first exception ends the rest and is thrown again.
void run_jobs(std::size_t count, int64_t threads, const std::function<void(std::size_t)>& body);

}  // namespace regard::ops
