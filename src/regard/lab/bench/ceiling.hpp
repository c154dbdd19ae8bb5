// What the machine can do, measured in the same run as everything that is compared with it.
#pragma once

#include <torch/types.h>

namespace regard::lab {

struct Ceiling {
  double flops_per_second = 0;  // a square matrix product of random numbers in this dtype
  double bytes_per_second = 0;  // a copy far larger than the caches, bytes read plus bytes written
};

Ceiling measure_ceiling(torch::Device device, torch::ScalarType dtype);

/// The least time for this work, in seconds: arithmetic and traffic at once, or one after the
/// other.
double floor_together(const Ceiling& ceiling, double flops, double bytes);
double floor_in_turn(const Ceiling& ceiling, double flops, double bytes);

}  // namespace regard::lab
