#include "regard/ops/step/adamw.hpp"

#include <algorithm>

#include "regard/kernels/cuda/adamw.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {

using torch::Tensor;

namespace {

bool is_scalar(const Tensor& x, torch::ScalarType type, torch::Device device) {
  return x.defined() && x.numel() == 1 && x.scalar_type() == type && x.device() == device;
}

/// All four are walked by one index: their elements must lie in one order.
bool fits(const Tensor& x, const Tensor& w) {
  return x.is_cuda() && x.device() == w.device() && has_storage(x.scalar_type()) &&
         x.layout() == torch::kStrided && x.is_non_overlapping_and_dense() &&
         x.sizes() == w.sizes() &&
         (x.strides() == w.strides() || (x.is_contiguous() && w.is_contiguous()));
}

bool can_finish(const AdamWTensors& t, const StepRecord& r) {
  if (t.w.empty()) return false;
  const auto device = t.w[0].device();
  if (!on_gpu(device.type()).ok) return false;
  for (std::size_t i = 0; i < t.w.size(); ++i) {
    if (t.w[i].device() != device) return false;
    for (const auto* x : {&t.w[i], &t.g[i], &t.m[i], &t.v[i]}) {
      if (!fits(*x, t.w[i])) return false;
      if (x != &t.g[i] && x->scalar_type() != torch::kFloat) return false;
    }
  }
  const auto floats = {&r.lr, &r.loss, &r.updates, &r.bad};
  const auto is_float = [&](const Tensor* x) { return is_scalar(*x, torch::kFloat, device); };
  return std::all_of(floats.begin(), floats.end(), is_float) &&
         is_scalar(r.step, torch::kLong, device) && is_scalar(r.bad_step, torch::kLong, device) &&
         r.ring.device() == device && r.ring.scalar_type() == torch::kFloat &&
         r.ring.is_contiguous() && r.ring.dim() == 2 && r.ring.size(1) == 2;
}

}  // namespace

Support can_finish_step(torch::DeviceType device) { return on_gpu(device); }

bool finish_step(const AdamWTensors& tensors, const AdamWRule& rule, const StepRecord& record) {
  if (!can_finish(tensors, record)) return false;
  const torch::NoGradGuard no_grad;
  const c10::DeviceGuard guard(record.lr.device());
  std::vector<cuda::AdamWTensor> raw;
  raw.reserve(tensors.w.size());
  for (std::size_t i = 0; i < tensors.w.size(); ++i) {
    raw.push_back({tensors.w[i].mutable_data_ptr<float>(), tensors.g[i].const_data_ptr(),
                   tensors.m[i].mutable_data_ptr<float>(), tensors.v[i].mutable_data_ptr<float>(),
                   tensors.w[i].numel(), static_cast<float>(tensors.decay[i]),
                   storage_of(tensors.g[i].scalar_type())});
  }
  const auto count = static_cast<int64_t>(raw.size());
  const cuda::StepState state = {
      record.lr.const_data_ptr<float>(),     record.loss.const_data_ptr<float>(),
      record.step.const_data_ptr<int64_t>(), record.updates.mutable_data_ptr<float>(),
      record.ring.mutable_data_ptr<float>(), record.ring.size(0),
      record.bad.mutable_data_ptr<float>(),  record.bad_step.mutable_data_ptr<int64_t>()};
  const auto scratch = at::empty({cuda::adamw_scratch(raw.data(), count)}, record.ring.options());
  check_status(cuda::adamw_step(raw.data(), count, {rule.beta1, rule.beta2, rule.eps, rule.clip},
                                state, scratch.mutable_data_ptr<float>(), stream_of(record.lr)),
               "adamw");
  // Autograd notices weights that change under a graph that still needs them.
  for (const auto* list : {&tensors.w, &tensors.m, &tensors.v}) {
    for (const auto& x : *list) x.unsafeGetTensorImpl()->bump_version();
  }
  return true;
}

}  // namespace regard::ops
