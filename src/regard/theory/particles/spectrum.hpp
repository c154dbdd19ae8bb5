// The staged engine on the circle with velocities by Fourier series, O(n M) a step: for the
// formation of clusters from very many points. A drift below 1e-16 of the largest force is lost, so
// it merges no clusters.
#pragma once

#include "regard/theory/particles/staged.hpp"

namespace regard::particles {

class SpectrumEngine : public StagedEngine {
 public:
  SpectrumEngine(const Spec& spec, double beta, const Cloud& start,
                 const kernels::ParallelFor& parallel);

 protected:
  Rates rates(const Cloud& cloud, double log_scale, double* v) override;

 private:
  std::vector<double> coefficients_;
};

}  // namespace regard::particles
