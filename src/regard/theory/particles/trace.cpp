#include "regard/theory/particles/trace.hpp"

#include <cmath>

namespace regard::particles {
namespace {

constexpr std::size_t kMostSamples = 4000;

/// Leaves every second item, and the first and the last.
template <class T>
void halve(std::vector<T>& items) {
  std::vector<T> kept;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i % 2 == 0 || i + 1 == items.size()) kept.push_back(std::move(items[i]));
  }
  items = std::move(kept);
}

}  // namespace

std::string stage_name(Stage stage) {
  switch (stage) {
    case Stage::kFormation:
      return "formation";
    case Stage::kCoarsening:
      return "coarsening";
    case Stage::kLimit:
      return "limit";
    default:
      return "scheme";
  }
}

std::string event_name(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kMerge:
      return "merge";
    case Event::Kind::kRefusal:
      return "refusal";
    case Event::Kind::kEquilibrium:
      return "equilibrium";
    default:
      return "end";
  }
}

double reading(const Moment& moment, const std::string& clock) {
  if (clock == "arc") return moment.arc;
  if (clock == "theorem") return moment.theorem;
  return clock == "t" ? std::exp(moment.log_t) : moment.log_t;
}

void Recorder::sample(const Sample& sample, bool always) {
  if (!always && ++waiting < stride) return;
  waiting = 0;
  trace.samples.push_back(sample);
  if (trace.samples.size() < kMostSamples) return;
  halve(trace.samples);
  stride *= 2;
}

void Recorder::frame(Frame frame, double moved_now, bool always) {
  moved += moved_now;
  if (!always && moved < least_move) return;
  moved = 0;
  trace.frames.push_back(std::move(frame));
  if (trace.frames.size() <= 2 * kMostFrames) return;
  halve(trace.frames);
  least_move *= 2;
}

void Recorder::finish() {
  while (trace.frames.size() > kMostFrames) halve(trace.frames);
}

}  // namespace regard::particles
