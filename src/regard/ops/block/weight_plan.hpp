// Weights of a model made ready for 16-bit products together: casts and changes of basis of a whole
// step in one launch each way, where one by one each takes as long as all of them.
#pragma once

#include <torch/types.h>

#include <optional>
#include <vector>

#include "regard/ops/place.hpp"

namespace regard::ops {

/// The CUDA kernel makes all weights of a step ready in one launch: fp32 weights, 16-bit products.
Support can_prepare_weights(const Place& place);

/// What the products of a model asked for in a step: the next step has it ready at its start. It
/// keeps the weights alive.
class WeightPlan {
 public:
  struct Request {
    torch::Tensor weight, bias, basis;  // bias may be undefined; basis undefined: a cast
    bool rows = true;                   // which axis of the weight the basis changes
    torch::ScalarType type = torch::kBFloat16;

    bool same(const Request& other) const;
  };

  void note(const Request& request);
  const std::vector<Request>& requests() const { return requests_; }

 private:
  std::vector<Request> requests_;
};

/// While it lives, ops::linear and ops::change_basis of this thread take from the plan what it has,
/// and note what it lacks.
/// Without effect outside of 16-bit autocast on a GPU. Made once for each forward pass, under its
/// autocast.
class WeightScope {
 public:
  explicit WeightScope(WeightPlan& plan);
  ~WeightScope();
  WeightScope(const WeightScope&) = delete;
  WeightScope& operator=(const WeightScope&) = delete;

  struct Ready {
    WeightPlan::Request request;
    torch::Tensor weight, bias;
  };

 private:
  friend std::optional<Ready> ready_weight(const WeightPlan::Request& request);
  WeightPlan& plan_;
  std::vector<Ready> ready_;
  WeightScope* before_;
};

/// What the scope in force has for this request, if there is one and it has; else the request is
/// noted in its plan.
std::optional<WeightScope::Ready> ready_weight(const WeightPlan::Request& request);

}  // namespace regard::ops
