// How elements are stored; arithmetic is fp32 everywhere.
#pragma once

#include <cstdint>

namespace regard::kernels::cuda {

enum class Storage { kFloat, kHalf, kBFloat16 };

inline int64_t bytes_of(Storage storage) { return storage == Storage::kFloat ? 4 : 2; }

}  // namespace regard::kernels::cuda
