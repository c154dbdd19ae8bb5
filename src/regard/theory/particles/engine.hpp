// An engine moves the points step by step and records what happens.
#pragma once

#include <memory>

#include "regard/kernels/cpu/parallel.hpp"
#include "regard/theory/particles/clusters.hpp"
#include "regard/theory/particles/spec.hpp"
#include "regard/theory/particles/trace.hpp"

namespace regard::particles {

class Engine {
 public:
  Engine(const Spec& spec, double beta, const Cloud& start);
  virtual ~Engine() = default;

  /// One step; false when the run is over, and then nothing changes any more.
  virtual bool step() = 0;
  /// Everything that the next step depends on, and the trace.
  virtual void visit(Archive& f);

  const Clusters& clusters() const { return clusters_; }
  const Recorder& recorder() const { return recorder_; }
  Recorder& recorder() { return recorder_; }
  const Moment& moment() const { return moment_; }
  double beta() const { return model_.beta; }
  const Model& model() const { return model_; }
  int64_t steps() const { return steps_; }
  bool over() const { return over_; }
  /// The particles where they are now, drawn or not.
  std::vector<double> positions() const;

 protected:
  /// The moment in the model's own time.
  Moment shown(const Moment& moment) const;
  void record_sample(double energy, bool always);
  void record_frame(double moved, bool always);
  /// Joins the groups of centres a and b and records a merge at `moment`.
  void record_merge(int64_t a, int64_t b, const Moment& moment, double energy);
  void record_end(Event::Kind kind, double energy);
  /// For heights in the dendrogram: where the groups are now.
  void remember_means();

  Spec spec_;
  Model model_;
  Until until_;
  Clusters clusters_;
  Recorder recorder_;
  Moment moment_;  // log_t in the time of model.hpp
  Stage stage_ = Stage::kFormation;
  int64_t steps_ = 0;
  bool over_ = false;

 private:
  void describe(Event& event, const Moment& moment, double energy) const;
  std::vector<int64_t> remembered_names_;
  Cloud remembered_;
};

/// The engine that the spec names. `parallel` shares the work of large clouds.
std::unique_ptr<Engine> make_engine(const Spec& spec, double beta, const Cloud& start,
                                    const kernels::ParallelFor& parallel);

}  // namespace regard::particles
