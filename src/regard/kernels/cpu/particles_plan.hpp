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

/// The packed copies that a call works on, x scaled so that 2^-|x - y|^2 is the weight. Columns are
/// padded to whole vectors with a mass of nothing.
template <class T>
struct PairPlan {
  int64_t count, width;    // as given
  int64_t padded, stride;  // particles and width in the packed arrays
  const T* columns;        // (stride, padded): x transposed; in tiles of keys for dots
  const T* rows;           // (padded, stride): x
  const T* log_mass;       // (padded): log2(mass / heaviest)
  const T* square;         // (padded): |x|^2
  T unit;                  // of length: what a packed x is multiplied by to get x
  T heaviest;              // the largest mass
  bool normalised;
};

}  // namespace regard::kernels
