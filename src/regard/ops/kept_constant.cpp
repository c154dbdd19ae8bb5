#include "regard/ops/kept_constant.hpp"

#include <c10/core/InferenceMode.h>

#include <string>
#include <tuple>

namespace regard::ops {
using torch::Tensor;

Tensor MadeOnce::operator()(int64_t n) {
  const std::lock_guard lock(mutex_);
  auto& made = made_[n];
  if (!made.defined()) made = make_(n);
  return made;
}

Tensor kept_constant(const Tensor& constant, const torch::TensorOptions& options) {
  using Key = std::tuple<const void*, std::string, torch::ScalarType>;
  struct Kept {
    Tensor constant, copy;  // the first so that its address stays its own
  };
  static std::mutex mutex;
  static std::map<Key, Kept> all;
  const auto type = c10::typeMetaToScalarType(options.dtype());
  const Key key{constant.unsafeGetTensorImpl(), options.device().str(), type};
  const std::lock_guard lock(mutex);
  auto& kept = all[key];
  if (!kept.copy.defined()) {
    // A copy made in inference mode could not be saved for a backward pass later.
    const c10::InferenceMode train(false);
    const torch::NoGradGuard no_grad;
    kept = {constant, constant.to(options.device(), type)};
  }
  return kept.copy;
}

}  // namespace regard::ops
