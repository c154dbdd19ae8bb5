// What choosing edges costs in training.
#pragma once

#include "regard/lab/session.hpp"
#include "regard/train/spec.hpp"

namespace regard::lab {

/// The share of the forward and backward pass of a step that choosing edges takes: the choice, its
/// losses, and their backward pass, at the last of `steps`. 0 without a predictor. Neither
/// parameters, gradients nor buffers change.
double predictor_share(ModelLearner& learner, const nn::Batch& batch, const train::Spec& spec,
                       int64_t steps);

}  // namespace regard::lab
