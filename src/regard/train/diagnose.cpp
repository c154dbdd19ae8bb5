#include "regard/train/diagnose.hpp"

#include "regard/nn/context.hpp"

namespace regard::train {
namespace {

bool finite(const torch::Tensor& tensor) {
  return !tensor.is_floating_point() || tensor.isfinite().all().item<bool>();
}

std::string in_parameters(const NamedTensors& state) {
  for (const auto& [name, tensor] : state) {
    if (name.starts_with("model.") && !finite(tensor.detach())) {
      return "the parameter \"" + name.substr(6) + "\" had such a value before";
    }
  }
  return "";
}

/// The gradient nearest to the loss: those before it in the model only inherit the fault.
std::string in_gradients(const NamedTensors& state) {
  for (auto entry = state.rbegin(); entry != state.rend(); ++entry) {
    const auto& [name, tensor] = *entry;
    if (name.starts_with("model.") && tensor.grad().defined() && !finite(tensor.grad())) {
      return "the forward pass is finite, and the gradient of the parameter \"" + name.substr(6) +
             "\" is not";
    }
  }
  return "";
}

}  // namespace

std::string find_not_finite(TrainStep& step, int64_t index,
                            const std::vector<nn::Batch>& micro_batches) {
  step.prepare(index, 0);
  step.optimizer().clear_gradients();
  const auto state = step.state();
  if (const auto place = in_parameters(state); !place.empty()) return place;
  for (const auto& batch : micro_batches) {
    if (!finite(batch.inputs)) return "the input of the batch has such a value";
    std::string layer;
    const nn::ObserverScope observer([&](const std::string& name, const torch::Tensor& output) {
      if (layer.empty() && !finite(output.detach())) layer = name;
    });
    const auto loss = step.forward(batch);
    if (!layer.empty()) return "the first layer with such a value is \"" + layer + "\"";
    if (!finite(loss.main.detach())) return "every layer is finite, and the loss itself is not";
    for (const auto& [name, value] : loss.auxiliary) {
      if (!finite(value.detach()))
        return "every layer is finite, and the auxiliary loss \"" + name + "\" is not";
    }
    step.backward(loss.total());
  }
  if (const auto place = in_gradients(state); !place.empty()) return place;
  return "doing the step again gave finite values, so that the fault is not repeatable";
}

}  // namespace regard::train
