#include "regard/train/restore.hpp"

#include <sstream>

#include "regard/base/error.hpp"

namespace regard::train {
namespace {
std::string described(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << c10::toString(tensor.scalar_type()) << ' ' << tensor.sizes();
  return text.str();
}
}  // namespace

void check_finite(const std::string& name, const torch::Tensor& tensor) {
  if (!tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>()) return;
  const auto count = at::isfinite(tensor).logical_not().sum().item<int64_t>();
  throw InputError("the checkpoint's tensor \"" + name +
                   "\" was expected to hold finite numbers, and " + std::to_string(count) +
                   " of its " + std::to_string(tensor.numel()) + " are NaN or infinite");
}

void restore(const NamedTensors& into, const std::map<std::string, torch::Tensor>& from) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, target] : into) {
    const auto found = from.find(name);
    if (found == from.end()) throw InputError("the checkpoint has no tensor \"" + name + "\"");
    if (found->second.sizes() != target.sizes() ||
        found->second.scalar_type() != target.scalar_type()) {
      throw InputError("the checkpoint's tensor \"" + name + "\" is " + described(found->second) +
                       ", and the run needs " + described(target));
    }
    check_finite(name, found->second);
    // The storage is shared with the parameter; detach lets it be written.
    target.detach().copy_(found->second);
  }
}

NamedTensors prefixed(const std::string& prefix, const NamedTensors& tensors) {
  NamedTensors result;
  result.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) result.emplace_back(prefix + name, tensor);
  return result;
}

}  // namespace regard::train
