#include "regard/theory/particles/run.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/run/checkpoint.hpp"
#include "regard/run/json_lines.hpp"
#include "regard/run/progress.hpp"
#include "regard/run/recipe.hpp"
#include "regard/run/signals.hpp"

namespace regard::particles {
namespace {

constexpr double kSeconds = 0.25;   // between checkpoints, at least
constexpr double kShare = 0.05;     // of the time, at most, that goes into them
constexpr int64_t kLookEvery = 64;  // steps between two looks at the clock

/// FNV-1a of the numbers, so that a changed file of points is noticed.
std::string digest(const Cloud& start) {
  uint64_t hash = 0xcbf29ce484222325u;
  const auto add = [&](double value) {
    auto bits = std::bit_cast<uint64_t>(value);
    for (int byte = 0; byte < 8; ++byte, bits >>= 8) hash = (hash ^ (bits & 255)) * 0x100000001b3u;
  };
  add(static_cast<double>(start.dim));
  for (const double value : start.x) add(value);
  for (const double value : start.mass) add(value);
  return std::to_string(hash);
}

run::Identity identity(Spec spec, const Cloud& start) {
  return {run::to_toml(spec.tables()) + "# points " + digest(start) + "\n", spec.points.seed, {}};
}

void save(const std::filesystem::path& path, Simulation& simulation, int64_t lines,
          const run::Identity& who) {
  auto archive = Archive::saving();
  simulation.visit(archive);
  run::Arrays arrays;
  for (const auto& [name, values] : archive.arrays())
    arrays[name] = run::array(values, {static_cast<int64_t>(values.size())});
  run::save_checkpoint(path, arrays, {{"lines", lines}}, who);
}

int64_t restore(const std::filesystem::path& path, Simulation& simulation,
                const run::Identity& who) {
  const auto checkpoint = run::load_checkpoint(path, who);
  Archive::Arrays arrays;
  for (const auto& [name, array] : checkpoint.arrays) {
    // Not values_of: log t at the start is minus infinity.
    const auto* values = std::get_if<std::vector<double>>(&array.values);
    if (values == nullptr) {
      throw InputError(path.string() + ": array \"" + name + "\" is not of float64");
    }
    arrays[name] = *values;
  }
  auto archive = Archive::restoring(std::move(arrays));
  simulation.visit(archive);
  return checkpoint.state.at("lines").get<int64_t>();
}

std::size_t event_count(const Simulation& simulation) {
  return simulation.engine().recorder().trace.events.size();
}

void write_results(const std::filesystem::path& folder, const Simulation& simulation,
                   const std::vector<Outcome>& outcomes, const Environment& environment) {
  const auto& spec = simulation.spec();
  std::string lines;
  run::Arrays trajectory;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& outcome = outcomes[i];
    lines += outcome_json(spec, outcome).dump() + "\n";
    const auto& frames = outcome.trace.frames;
    if (frames.empty()) continue;
    std::vector<double> x, log_t;
    for (const auto& frame : frames) {
      x.insert(x.end(), frame.x.begin(), frame.x.end());
      log_t.push_back(frame.moment.log_t);
    }
    const auto count = static_cast<int64_t>(frames.size()), dim = outcome.final.dim;
    const auto drawn = static_cast<int64_t>(frames.front().x.size()) / dim;
    const auto name = "beta" + std::to_string(i);
    trajectory[name + ".x"] = run::array(std::move(x), {count, drawn, dim});
    trajectory[name + ".log_t"] = run::array(std::move(log_t), {count});
  }
  run::save_arrays(folder / "trajectory.safetensors", trajectory, {});
  write_atomically(folder / "events.jsonl", lines);
  write_atomically(folder / "events.csv", report::to_csv(event_table(outcomes)));
  write_atomically(folder / "samples.csv", samples_csv(outcomes));
  report::write_document(page(spec, simulation.start(), outcomes, environment),
                         folder / "report.html");
}

/// The events of the engine at work as lines of metrics.jsonl, from the number that is there
/// already.
class EventLines {
 public:
  EventLines(const std::filesystem::path& path, int64_t lines)
      : lines_(lines), file_(path, run::JsonLines::up_to("line", lines)) {}

  int64_t count() const { return lines_; }
  /// `done` and `before`: which beta is at work, and how many events it had.
  void follow(const Simulation& simulation) {
    if (simulation.done() != at_) {
      at_ = simulation.done();
      seen_ = 0;
    }
    const auto& events = simulation.engine().recorder().trace.events;
    for (; seen_ < events.size(); ++seen_) {
      const auto& event = events[seen_];
      Json line = {{"line", ++lines_},
                   {"beta", simulation.engine().beta()},
                   {"event", event_name(event.kind)},
                   {"log_t", nullptr},
                   {"clusters", event.masses.size()},
                   {"energy", event.energy}};
      if (std::isfinite(event.moment.log_t)) line["log_t"] = event.moment.log_t;
      file_.write(line.dump());
    }
  }
  void begin_at(const Simulation& simulation) {
    at_ = simulation.done();
    seen_ = event_count(simulation);
  }
  void sync() { file_.sync(); }

 private:
  int64_t lines_;
  run::JsonLines file_;
  std::size_t at_ = 0, seen_ = 0;
};

std::string state_text(const Simulation& simulation) {
  const auto& engine = simulation.engine();
  return beta_text(engine.beta()) + ", " + time_text(engine.moment().log_t) + ", " +
         std::to_string(engine.clusters().groups()) + " clusters";
}

}  // namespace

Spec recipe_of(const std::filesystem::path& folder) {
  Spec spec;
  run::read_recipe(folder / "recipe.toml", spec.tables());
  return spec;
}

std::vector<Outcome> run_in(const run::Folder& folder, const Spec& spec, const Cloud& start,
                            const kernels::ParallelFor& parallel, const Environment& environment) {
  Simulation simulation(spec, start, parallel);
  const auto who = identity(spec, start);
  const bool resumes = folder.resumes() && std::filesystem::exists(folder.last());
  const int64_t lines = resumes ? restore(folder.last(), simulation, who) : 0;
  auto copy = spec;
  write_atomically(folder.path() / "recipe.toml", run::to_toml(copy.tables()));
  EventLines events(folder.metrics(), lines);
  if (resumes) events.begin_at(simulation);
  const auto keep = [&] {
    events.sync();
    save(folder.last(), simulation, events.count(), who);
  };
  const run::SignalScope signals;
  run::ProgressLine progress;
  double next = seconds_now() + kSeconds;
  for (int64_t steps = 0; simulation.step(); ++steps) {
    events.follow(simulation);
    if (steps % kLookEvery != 0) continue;
    if (const int signal = run::SignalScope::caught(); signal != 0) {
      keep();
      throw Interrupted(signal);
    }
    if (seconds_now() < next) continue;
    const double before = seconds_now();
    keep();
    next = seconds_now() + std::max(kSeconds, (seconds_now() - before) / kShare);
    progress.show(static_cast<double>(simulation.done()) / static_cast<double>(spec.beta.size()),
                  "simulate  " + state_text(simulation));
  }
  events.follow(simulation);
  keep();
  const auto outcomes = simulation.outcomes();
  write_results(folder.path(), simulation, outcomes, environment);
  return outcomes;
}

}  // namespace regard::particles
