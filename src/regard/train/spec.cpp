#include "regard/train/spec.hpp"

#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::train {

void Spec::visit(Visitor& f) {
  f("steps", steps, "updates of the weights");
  f("epochs", epochs, "passes over the training data; above 0 it replaces steps");
  f("seconds", seconds,
    "seconds of training, evaluation not counted; above 0 it replaces steps, and the schedule "
    "follows "
    "the clock");
  f("lr", lr, "highest learning rate");
  f("warmup", warmup, "steps of linear rise to lr (-1: 50, and at most a tenth of the run)");
  f("schedule", schedule, "how the learning rate falls after the warm-up",
    {"constant", "cosine", "linear", "exponential", "inverse_sqrt"});
  f("min_lr", min_lr, "lowest learning rate (exponential: 0 means lr / 100)");
  f("weight_decay", weight_decay, "AdamW's decoupled decay, multiplied by the learning rate");
  f("l2", l2, "L2 regularisation: l2 w is added to the gradient of each parameter that decays");
  f("decay", decay, "which parameters decay", {"matrices", "all"});
  f("beta1", beta1, "AdamW: decay of the mean of gradients");
  f("beta2", beta2, "AdamW: decay of the mean of squared gradients");
  f("eps", eps, "AdamW: added to the root of the squared mean");
  f("clip", clip, "largest norm of the whole gradient; 0: no clipping");
  f("accumulate", accumulate, "batches whose gradients are averaged in one step");
  f("ema", ema, "decay of an averaged copy of the weights, used for evaluation; 0: none");
  f("eval_every", eval_every, "steps between evaluations; 0: ten times in a run");
  f("checkpoint_every", checkpoint_every, "steps between checkpoints; 0: with each evaluation");
  f("keep", keep, "checkpoints of earlier steps to keep beside last and best");
  f("average", average,
    "at the end the weights are the mean of so many last checkpoints, which are kept (0: those of "
    "the best evaluation)");
  f("best", best,
    "what makes a checkpoint the best: loss, accuracy or another measure of the task");
  f("min_delta", min_delta, "by how much a better checkpoint is better, in the units of best");
  f("early_stop", early_stop, "stop after so many evaluations without a better one; 0: never");
  f("log_every", log_every, "steps between lines of metrics");
  f("dtype", dtype, "numbers of the forward and backward pass; weights stay fp32",
    {"fp32", "bf16"});
  f("capture", capture, "replay whole steps as one CUDA graph where the device can: auto, no",
    {"auto", "no"});
  f("deterministic", deterministic, "the same bits in every run; auto: on CPUs",
    {"auto", "yes", "no"});
}

int64_t Spec::warmup_steps(int64_t run_steps) const {
  constexpr int64_t kUsual = 50;
  if (warmup >= 0) return warmup;
  return run_steps > 0 ? std::min(kUsual, run_steps / 10) : kUsual;
}

namespace {
void demand(bool right, const char* name, const char* range, double came) {
  if (!right || !std::isfinite(came)) {
    throw InputError(std::string("train: ") + name + " must be " + range + ", and is " +
                     shortest(came));
  }
}
}  // namespace

void check(const Spec& spec) {
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  demand(spec.epochs >= 0, "epochs", "0 or more", spec.epochs);
  demand(spec.seconds >= 0, "seconds", "0 or more", spec.seconds);
  demand(spec.steps >= 1 || spec.epochs > 0 || spec.seconds > 0, "steps", "1 or more",
         number(spec.steps));
  demand(spec.lr > 0, "lr", "above 0", spec.lr);
  demand(spec.warmup >= -1, "warmup", "0 or more, or -1", number(spec.warmup));
  demand(spec.min_lr >= 0 && spec.min_lr <= spec.lr, "min_lr", "between 0 and lr", spec.min_lr);
  demand(spec.weight_decay >= 0, "weight_decay", "0 or more", spec.weight_decay);
  demand(spec.l2 >= 0, "l2", "0 or more", spec.l2);
  demand(spec.beta1 >= 0 && spec.beta1 < 1, "beta1", "in [0, 1)", spec.beta1);
  demand(spec.beta2 >= 0 && spec.beta2 < 1, "beta2", "in [0, 1)", spec.beta2);
  demand(spec.eps > 0, "eps", "above 0", spec.eps);
  demand(spec.clip >= 0, "clip", "0 or more", spec.clip);
  demand(spec.accumulate >= 1, "accumulate", "1 or more", number(spec.accumulate));
  demand(spec.ema >= 0 && spec.ema < 1, "ema", "in [0, 1)", spec.ema);
  demand(spec.eval_every >= 0, "eval_every", "0 or more", number(spec.eval_every));
  demand(spec.checkpoint_every >= 0, "checkpoint_every", "0 or more",
         number(spec.checkpoint_every));
  demand(spec.keep >= 0, "keep", "0 or more", number(spec.keep));
  demand(spec.average >= 0, "average", "0 or more", number(spec.average));
  demand(spec.min_delta >= 0, "min_delta", "0 or more", spec.min_delta);
  demand(spec.early_stop >= 0, "early_stop", "0 or more", number(spec.early_stop));
  demand(spec.log_every >= 1, "log_every", "1 or more", number(spec.log_every));
}

}  // namespace regard::train
