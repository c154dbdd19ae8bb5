#include "regard/train/loop.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/run/signals.hpp"
#include "regard/train/autocast.hpp"
#include "regard/train/captured_step.hpp"
#include "regard/train/diagnose.hpp"
#include "regard/train/metrics.hpp"
#include "regard/train/schedule.hpp"
#include "regard/train/step.hpp"

namespace regard::train {
namespace {

constexpr int64_t kEvaluationsPerRun = 10;
constexpr int64_t kEvaluateEveryWithoutLength = 200;

class Loop {
 public:
  Loop(Learner& learner, Batches& batches, const Evaluation& evaluation, const Spec& spec,
       const run::Folder& folder, const run::Identity& identity, const ProgressCallback& progress)
      : learner_(learner),
        batches_(batches),
        evaluation_(evaluation),
        spec_(spec),
        folder_(folder),
        identity_(identity),
        progress_(progress),
        best_(best_metric(learner, spec.best)),
        steps_(total_steps(spec, batches.per_epoch())),
        schedule_(spec, steps_),
        step_(learner, spec, identity.seed, steps_),
        captured_(step_, spec.capture == "auto" ? Record::kTry : Record::kNo) {
    const int64_t tenth = steps_ > 0 ? std::max<int64_t>(1, steps_ / kEvaluationsPerRun)
                                     : kEvaluateEveryWithoutLength;
    evaluate_every_ = spec.eval_every > 0 ? spec.eval_every : tenth;
    save_every_ = spec.checkpoint_every > 0 ? spec.checkpoint_every : evaluate_every_;
  }

  Outcome run() {
    restore();
    if (!state_.finished.empty()) return outcome();
    const run::SignalScope signals;
    const ops::SideStream stream(step_.device());
    const DeterministicScope deterministic(
        spec_.deterministic == "yes" || (spec_.deterministic == "auto" && step_.device().is_cpu()));
    if (state_.step == 0) say(schedule_.remark());
    wall_start_ = seconds_now();
    start_step_ = state_.step;
    while (true) {
      std::string reason = end_of_budget();
      if (evaluation_due(!reason.empty())) {
        evaluate_now();
        if (reason.empty() && spec_.early_stop > 0 && state_.stale >= spec_.early_stop) {
          reason = "early stop";
        }
      }
      if (!reason.empty()) return finish(reason);
      if (state_.step % save_every_ == 0 && state_.step != saved_) save();
      stop_if_signalled();
      train_one();
    }
  }

 private:
  static void say(const std::string& sentence) {
    if (!sentence.empty()) std::fprintf(stderr, "regard: %s\n", sentence.c_str());
  }

  void restore() {
    const bool resumes = folder_.resumes() && std::filesystem::exists(folder_.last());
    if (resumes) {
      auto checkpoint = train::load_checkpoint(folder_.last(), identity_);
      try {
        step_.load(checkpoint.tensors);
      } catch (const InputError& error) {
        throw InputError(folder_.last().string() + ": " + error.what());
      }
      state_ = checkpoint.state;
    }
    metrics_.emplace(folder_.metrics(),
                     MetricsMark{state_.step, state_.evaluated, !state_.finished.empty()});
    seconds_ = metrics_->seconds();
    loss_ = metrics_->loss();
    saved_ = state_.step;
    logged_ = state_.step;
  }

  std::string end_of_budget() const {
    if (spec_.seconds > 0 && seconds_ >= spec_.seconds) return "seconds";
    return steps_ > 0 && state_.step >= steps_ ? "steps" : "";
  }

  bool evaluation_due(bool at_end) const {
    return evaluation_.count > 0 && state_.evaluated < state_.step &&
           (at_end || state_.step % evaluate_every_ == 0);
  }

  std::vector<nn::Batch> micro_batches(int64_t step) {
    std::vector<nn::Batch> result;
    for (int64_t i = 0; i < spec_.accumulate; ++i) {
      result.push_back(batches_.batch(step * spec_.accumulate + i).to(step_.device()));
    }
    return result;
  }

  double rate() const {
    return schedule_.at(state_.step, spec_.seconds > 0 ? seconds_ / spec_.seconds : -1);
  }

  void train_one() {
    const double start = seconds_now();
    const auto batches = micro_batches(state_.step);
    lr_ = rate();
    step_.prepare(state_.step, lr_);
    captured_.run(batches);
    say(captured_.news());
    ++state_.step;
    state_.position = state_.step * spec_.accumulate;
    for (const auto& batch : batches) state_.tokens += batch.tokens;
    // Reading the meter waits for the device, and belongs to the time of training.
    std::optional<StepMeter::Reading> reading;
    if (state_.step - logged_ >= spec_.log_every || state_.step % spec_.log_every == 0) {
      reading = step_.meter().read(logged_, state_.step - 1);
    }
    seconds_ += seconds_now() - start;
    if (reading) log(*reading);
  }

  /// Makes the metrics complete up to now; a value that is not finite ends the run here.
  void flush() {
    if (logged_ < state_.step) log(step_.meter().read(logged_, state_.step - 1));
  }

  void log(const StepMeter::Reading& reading) {
    if (reading.steps > 0) {
      loss_ = reading.parts.empty() ? reading.loss : reading.parts[0].second;
      losses_.assign(reading.parts.begin() + (reading.parts.empty() ? 0 : 1), reading.parts.end());
      Json line = {{"step", logged_ + reading.steps}};
      if (batches_.per_epoch() > 0) {
        line["epoch"] = static_cast<double>((logged_ + reading.steps) * spec_.accumulate) /
                        static_cast<double>(batches_.per_epoch());
      }
      line["seconds"] = seconds_;
      line["tokens"] = state_.tokens;
      line["loss"] = loss_;
      for (const auto& [name, value] : losses_) line["loss_" + name] = value;
      line["lr"] = lr_;
      line["grad_norm"] = reading.norm;
      metrics_->write(line.dump());
    }
    logged_ = state_.step;
    if (reading.bad_step >= 0) stop_not_finite(reading.bad_step);
    tell(Progress::Event::kLog);
  }

  [[noreturn]] void stop_not_finite(int64_t bad_step) {
    metrics_->sync();
    const auto place = find_not_finite(step_, bad_step, micro_batches(bad_step));
    std::string where;
    for (int64_t i = 0; i < spec_.accumulate; ++i) {
      where += (i > 0 ? "; " : "") + batches_.describe(bad_step * spec_.accumulate + i);
    }
    throw RunError("the loss or its gradient is not finite at step " +
                   std::to_string(bad_step + 1) + " (" + where + "): " + place);
  }

  /// By the metric that `best` names; where it is equal and no min_delta is asked for, by the loss.
  bool is_better(const Score& score) const {
    if (state_.best_step < 0) return true;
    if (best_.name != "loss") {
      const double before =
          best_.name == "accuracy" ? state_.best_accuracy : state_.best_scores.at(best_.name);
      const double gain = (best_.higher_is_better ? 1 : -1) * (score.of(best_.name) - before);
      if (gain != 0 || spec_.min_delta > 0) return gain > spec_.min_delta;
    }
    return state_.best_loss - score.loss > (best_.name == "loss" ? spec_.min_delta : 0);
  }

  /// The metric that `best` names. InputError where the task does not measure it.
  static metrics::Metric best_metric(const Learner& learner, const std::string& name) {
    std::vector<std::string> known;
    for (const auto& metric : learner.metrics()) {
      if (metric.name == name) return metric;
      known.push_back(metric.name);
    }
    throw InputError("train: best is " + join(known, " or ") + " for this task, and \"" + name +
                     "\" came");
  }

  void evaluate_now() {
    flush();
    Score score;
    {
      const EmaScope averaged(step_.ema());
      const AutocastScope autocast(step_.device().type(), spec_.dtype == "bf16");
      try {
        score = evaluate(learner_, evaluation_, [] { return run::SignalScope::caught() != 0; });
      } catch (const RunError& error) {
        metrics_->sync();
        throw RunError("step " + std::to_string(state_.step) + ": " + error.what());
      }
    }
    if (score.count < 0) stop_if_signalled();
    state_.evaluated = state_.step;
    state_.valid_loss = score.loss;
    state_.valid_accuracy = score.accuracy;
    state_.valid_scores = score.others;
    state_.logit_deviation = score.logit_deviation;
    Json line{{"step", state_.step},        {"seconds", seconds_},
              {"valid_loss", score.loss},   {"valid_accuracy", score.accuracy},
              {"valid_count", score.count}, {"peak_memory", peak_memory(step_.device())}};
    for (const auto& [name, value] : score.others) line["valid_" + name] = value;
    if (!std::isnan(score.logit_deviation)) line["logit_deviation"] = score.logit_deviation;
    metrics_->write(line.dump());
    if (is_better(score)) {
      state_.best_loss = score.loss;
      state_.best_accuracy = score.accuracy;
      state_.best_scores = score.others;
      state_.best_step = state_.step;
      state_.stale = 0;
      save_checkpoint(folder_.best(), step_.state(), state_, identity_, Content::kWeights);
    } else {
      ++state_.stale;
    }
    tell(Progress::Event::kEvaluation);
  }

  void save() {
    flush();
    metrics_->sync();
    save_checkpoint(folder_.last(), step_.state(), state_, identity_, Content::kEverything);
    saved_ = state_.step;
    if (state_.step > 0) folder_.keep_last_as(state_.step, std::max(spec_.keep, spec_.average));
  }

  void stop_if_signalled() {
    if (const int signal = run::SignalScope::caught(); signal != 0) {
      save();
      throw Interrupted(signal);
    }
  }

  Outcome finish(const std::string& reason) {
    flush();
    state_.finished = reason;
    metrics_->write(Json{{"step", state_.step},
                         {"finished", reason},
                         {"seconds", seconds_},
                         {"tokens", state_.tokens},
                         {"tokens_per_second", tokens_per_second()},
                         {"peak_memory", peak_memory(step_.device())}}
                        .dump());
    save();
    tell(Progress::Event::kEnd);
    return outcome();
  }

  double tokens_per_second() const {
    return seconds_ > 0 ? static_cast<double>(state_.tokens) / seconds_ : 0;
  }

  void tell(Progress::Event event) const {
    if (!progress_) return;
    Progress p;
    p.event = event;
    p.step = state_.step;
    p.steps = spec_.seconds > 0 ? 0 : steps_;
    p.seconds = seconds_;
    p.fraction = spec_.seconds > 0 ? std::min(1.0, seconds_ / spec_.seconds)
                                   : static_cast<double>(state_.step) / static_cast<double>(steps_);
    const auto done = static_cast<double>(state_.step - start_step_);
    if (spec_.seconds > 0) {
      p.seconds_left = std::max(0.0, spec_.seconds - seconds_);
    } else if (done > 0) {
      p.seconds_left =
          (seconds_now() - wall_start_) / done * static_cast<double>(steps_ - state_.step);
    }
    p.tokens_per_second = tokens_per_second();
    p.loss = loss_;
    p.losses = losses_;
    p.lr = lr_;
    const double none = std::numeric_limits<double>::quiet_NaN();
    p.valid_loss = state_.evaluated > 0 ? state_.valid_loss : none;
    p.valid_scores = state_.valid_scores;
    p.valid_accuracy = state_.evaluated > 0 ? state_.valid_accuracy : none;
    p.logit_deviation = state_.logit_deviation;
    progress_(p);
  }

  Outcome outcome() const {
    const double none = std::numeric_limits<double>::quiet_NaN();
    Outcome o;
    o.step = state_.step;
    o.tokens = state_.tokens;
    o.seconds = seconds_;
    o.tokens_per_second = tokens_per_second();
    o.train_loss = loss_;
    o.valid_loss = state_.evaluated > 0 ? state_.valid_loss : none;
    o.valid_accuracy = state_.evaluated > 0 ? state_.valid_accuracy : none;
    o.logit_deviation = state_.logit_deviation;
    o.best_loss = state_.best_step >= 0 ? state_.best_loss : none;
    o.best_accuracy = state_.best_step >= 0 ? state_.best_accuracy : none;
    o.best_scores = state_.best_scores;
    o.best_step = state_.best_step;
    o.peak_memory = peak_memory(step_.device());
    o.finished = state_.finished;
    return o;
  }

  Learner& learner_;
  Batches& batches_;
  const Evaluation& evaluation_;
  const Spec& spec_;
  const run::Folder& folder_;
  const run::Identity& identity_;
  const ProgressCallback& progress_;
  metrics::Metric best_;
  int64_t steps_;
  Schedule schedule_;
  TrainStep step_;
  CapturedStep captured_;
  std::optional<MetricsLog> metrics_;
  RunState state_;
  int64_t evaluate_every_ = 0, save_every_ = 0;
  int64_t saved_ = 0, logged_ = 0, start_step_ = 0;
  double seconds_ = 0, wall_start_ = 0, loss_ = 0, lr_ = 0;
  std::vector<std::pair<std::string, double>> losses_;  // auxiliary ones, by name
};

}  // namespace

int64_t total_steps(const Spec& spec, int64_t batches_per_epoch) {
  if (spec.seconds > 0) return 0;
  if (spec.epochs == 0) return spec.steps;
  if (batches_per_epoch <= 0) {
    throw InputError("train: epochs are asked for, and this data has no end; give steps instead");
  }
  const double batches = spec.epochs * static_cast<double>(batches_per_epoch);
  return std::max<int64_t>(1,
                           std::llround(std::ceil(batches / static_cast<double>(spec.accumulate))));
}

Outcome run(Learner& learner, Batches& batches, const Evaluation& evaluation, const Spec& spec,
            const run::Folder& folder, const run::Identity& identity,
            const ProgressCallback& progress) {
  check(spec);
  return Loop(learner, batches, evaluation, spec, folder, identity, progress).run();
}

}  // namespace regard::train
