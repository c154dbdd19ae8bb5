// What a simulation leaves: events, samples along the way, pictures of the points.
#pragma once

#include <string>
#include <vector>

#include "regard/theory/particles/cloud.hpp"

namespace regard::particles {

enum class Stage { kFormation, kCoarsening, kLimit, kScheme };
std::string stage_name(Stage stage);

/// The clocks at one moment. log_t is in the model's own time.
struct Moment {
  double log_t = 0;    // -infinity at the start
  double arc = 0;      // length of the path of all angles together, over log b
  double theorem = 0;  // ds = dt e^{-b u_min} / log b
};
double reading(const Moment& moment, const std::string& clock);

struct Sample {
  Moment moment;
  double energy = 0;
  int64_t clusters = 0;
};

struct Event {
  enum class Kind { kMerge, kRefusal, kEquilibrium, kEnd };
  Kind kind = Kind::kMerge;
  Moment moment;
  std::vector<double> masses;  // of the clusters after it, largest first
  double gap = 0;              // angle to the nearest other cluster, rad; 0 when there is one
  double energy = 0;
  Stage stage = Stage::kFormation;
  double bound = 0;             // of the positions, from merging and from what was left out, rad
  std::vector<int64_t> joined;  // the two clusters of a merge, each named by its first point
  double angle = 0;             // between these two after the merge before
  int64_t positive = -1;  // directions in which Ê is curved upwards at the clusters that are left
  double log_gradient = 0;  // log |grad E| there; both unknown (-1) for many clusters
};
std::string event_name(Event::Kind kind);

struct Frame {
  Moment moment;
  int64_t clusters = 0;
  std::vector<double> x;  // (drawn, dim)
};

/// At most kMostDrawn points and kMostFrames pictures are kept for the page.
inline constexpr int64_t kMostDrawn = 500;
inline constexpr std::size_t kMostFrames = 120;

struct Trace {
  std::vector<Event> events;
  std::vector<Sample> samples;
  std::vector<Frame> frames;
};

/// Keeps the trace within bounds however many steps come: it thins out what is too dense.
class Recorder {
 public:
  void sample(const Sample& sample, bool always);
  void frame(Frame frame, double moved, bool always);
  void event(Event event) { trace.events.push_back(std::move(event)); }
  /// At most kMostFrames frames are left.
  void finish();

  Trace trace;
  // State of the thinning, kept in checkpoints.
  int64_t stride = 1, waiting = 0;
  double least_move = 0.004, moved = 0;
};

}  // namespace regard::particles
