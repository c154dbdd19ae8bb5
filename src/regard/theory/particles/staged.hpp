// The staged engine: formation in t, exact merging, coarsening in log t.
//
// Every step has its own clock dt = e^{b u_min} ds, u_min the smallest gap of two centres at the
// start of the step and frozen during it: the time that passes is e^{b u_min} h exactly, no term of
// the velocity is larger than 1, and log t is kept. While points still contract u_min is 0, and s
// is t. The control `direct` is the same without merging, s = t throughout.
#pragma once

#include "regard/theory/particles/dormand_prince.hpp"
#include "regard/theory/particles/engine.hpp"

namespace regard::particles {

class StagedEngine : public Engine {
 public:
  enum class Mode { kStaged, kDirect };
  StagedEngine(const Spec& spec, double beta, const Cloud& start, Mode mode,
               const kernels::ParallelFor& parallel);

  bool step() override;
  void visit(Archive& f) override;

 protected:
  /// Velocity times e^{log_scale}; another engine may compute it otherwise.
  virtual Rates rates(const Cloud& cloud, double log_scale, double* v);
  /// Scales v, and what follows from v and Z; Rates::attraction is not known.
  Rates finish_rates(const Cloud& cloud, const std::vector<double>& z, double log_scale,
                     double* v) const;
  kernels::ParallelFor parallel_;

 private:
  struct Crossing {
    double theta;  // share of the step
    Clusters::Pair pair;
  };

  void begin();
  bool ends();
  void set_clock();
  bool balanced();
  void slope(const Values& y, Values& out);
  double try_step(double limit);
  double step_to_end() const;
  void accept(double h);
  std::vector<Crossing> crossings(const std::vector<Clusters::Pair>& pairs) const;
  void record(const std::vector<Crossing>& found, double h);
  void stop_at_first(const Crossing& first, double h);
  void settle(bool event);
  Moment moment_at(double theta, double h) const;
  Cloud cloud_at(double theta) const;
  double energy_now() const;

  Mode mode_;
  double close_, together_;  // gaps: one cluster, one centre
  double least_ = 0;         // the smallest gap now
  double h_ = 1e-3, log_scale_ = 0;
  bool fresh_ = true;  // the slope at the start of the step is not known
  Rates last_;         // of the latest slope
  Cloud moving_;       // where it was taken
  Values y_, k1_;      // positions, arc, theorem's clock; their slope
  DormandPrince pair_;
};

}  // namespace regard::particles
