// What the targets of the particle kernel share.
#pragma once

#include "regard/kernels/cpu/particles.hpp"

namespace regard::kernels {

/// Particles [begin, end) of a problem, and where their velocities go.
template <class T>
struct ParticleRows {
  const cpu::Particles<T>& problem;
  int64_t begin, end;
  T *v, *z;
  const ParallelFor& parallel;
};

/// The packed copies that a call works on. Columns are padded to whole vectors, with mass 0.
template <class T>
struct PairPlan {
  int64_t count, width;    // as given
  int64_t padded, stride;  // particles and width in the packed arrays
  const T* columns;        // (stride, padded): x transposed
  const T* rows;           // (padded, stride): x
  const T* mass;           // (padded)
  const T* half;           // (padded): |x|^2 / 2
  T exponent;              // b / log 2
  bool normalised;
};

}  // namespace regard::kernels
