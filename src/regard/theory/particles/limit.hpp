// The limit of large b: only the nearest two clusters move, along their great circle, and meet
// after the time of the closed form. So a run is a list of events: closest pairs first, as in
// agglomerative clustering.
//
// USA: the two meet at their mean by mass. SA: the lighter moves (m_heavy / m_light)^2 times as
// fast.
#pragma once

#include "regard/theory/particles/engine.hpp"

namespace regard::particles {

class LimitEngine : public Engine {
 public:
  LimitEngine(const Spec& spec, double beta, const Cloud& start);
  bool step() override;

 private:
  double close_;
};

}  // namespace regard::particles
