#include "regard/ops/block/weight_plan.hpp"

#include <ATen/autocast_mode.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <map>

#include "regard/kernels/cuda/prepare_weights.hpp"
#include "regard/ops/cuda.hpp"

namespace regard::ops {
using torch::Tensor;

namespace {

thread_local WeightScope* scope_in_force = nullptr;

using Request = WeightPlan::Request;

bool takes(const Request& r) {
  return r.weight.is_cuda() && r.weight.is_contiguous() &&
         r.weight.scalar_type() == torch::kFloat &&
         can_prepare_weights({torch::kCUDA, r.type, r.type}).ok &&
         (!r.basis.defined() || r.basis.is_contiguous());
}

cuda::Weight item_of(const Request& r, bool transposed) {
  cuda::Weight item{};
  const int64_t first = r.weight.size(0), second = r.weight.numel() / std::max<int64_t>(first, 1);
  if (!r.basis.defined()) {
    item.problem = {1, 1, r.weight.numel(), true, false};
    return item;
  }
  const int64_t d = r.basis.size(0);
  item.problem = {(r.rows ? first : second) / d, d, r.rows ? second : first, r.rows, transposed};
  item.u = r.basis.const_data_ptr<float>();
  return item;
}

struct Prepared {
  Tensor weight, bias;
};

/// The weights of one type with their casts, or changes of basis.
std::vector<Prepared> prepare(const std::vector<Request>& requests) {
  std::vector<Prepared> out;
  std::vector<cuda::Weight> items;
  for (const auto& r : requests) {
    Prepared p{at::empty(r.weight.sizes(), r.weight.options().dtype(r.type)), Tensor()};
    auto item = item_of(r, false);
    item.w = r.weight.const_data_ptr();
    item.out = p.weight.data_ptr();
    if (r.bias.defined()) {
      p.bias = at::empty(r.bias.sizes(), r.bias.options());
      item.extra = r.bias.const_data_ptr<float>();
      item.extra_out = p.bias.data_ptr<float>();
    }
    items.push_back(item);
    out.push_back(p);
  }
  if (!requests.empty()) {
    const c10::DeviceGuard guard(requests[0].weight.device());
    check_status(cuda::prepare_weights(items, storage_of(torch::kFloat),
                                       storage_of(requests[0].type), stream_of(requests[0].weight)),
                 "weights");
  }
  return out;
}

/// Changes of basis of many weights, as `done` has them, whose gradients come back together.
struct ChangeTogether : torch::autograd::Function<ChangeTogether> {
  static variable_list forward(AutogradContext* ctx, at::TensorList leaves,
                               const std::vector<Request>& requests,
                               const std::vector<Prepared>& done) {
    at::AutoDispatchBelowADInplaceOrView below;
    (void)leaves;  // what autograd sees of the requests
    ctx->set_materialize_grads(false);
    variable_list out, bases;
    for (const auto& p : done) {
      out.push_back(p.weight);
      if (p.bias.defined()) out.push_back(p.bias);
    }
    std::vector<int64_t> rows, biases;
    for (const auto& r : requests) {
      bases.push_back(r.basis);
      rows.push_back(r.rows);
      biases.push_back(r.bias.defined());
    }
    ctx->save_for_backward(bases);
    ctx->saved_data["rows"] = rows;
    ctx->saved_data["biases"] = biases;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto bases = ctx->get_saved_variables();
    const auto rows = ctx->saved_data["rows"].toIntVector(),
               biases = ctx->saved_data["biases"].toIntVector();
    variable_list out, kept;
    std::map<torch::ScalarType, std::vector<cuda::Weight>> items;
    std::size_t at = 0;
    for (std::size_t i = 0; i < bases.size(); ++i) {
      const auto g = grads[at].defined() ? grads[at].contiguous() : Tensor();
      const bool bias = biases[i] != 0;
      auto gb = bias && grads[at + 1].defined() ? grads[at + 1].contiguous() : Tensor();
      at += bias ? 2 : 1;
      if (!g.defined()) {  // a bias alone has no use: both come from one product
        out.insert(out.end(), bias ? 2 : 1, Tensor());
        continue;
      }
      if (bias && !gb.defined()) gb = at::zeros({g.size(0)}, g.options().dtype(torch::kFloat));
      const Request like{g, gb, bases[i], rows[i] != 0, torch::kFloat};
      auto item = item_of(like, true);
      out.push_back(at::empty(g.sizes(), g.options().dtype(torch::kFloat)));
      item.w = g.const_data_ptr();
      item.out = out.back().data_ptr();
      if (bias) {
        out.push_back(at::empty(gb.sizes(), gb.options()));
        item.extra = gb.const_data_ptr<float>();
        item.extra_out = out.back().data_ptr<float>();
      }
      kept.push_back(g);
      kept.push_back(gb);
      items[g.scalar_type()].push_back(item);
    }
    for (const auto& [type, list] : items) {
      const c10::DeviceGuard guard(bases[0].device());
      check_status(cuda::prepare_weights(list, storage_of(type), storage_of(torch::kFloat),
                                         stream_of(bases[0])),
                   "weights");
    }
    out.insert(out.end(), 2, Tensor());  // of the requests, and of what is done
    return out;
  }
};

}  // namespace

Support can_prepare_weights(const Place& place) { return half_on_gpu(place); }

bool WeightPlan::Request::same(const Request& other) const {
  return weight.is_same(other.weight) && bias.is_same(other.bias) && basis.is_same(other.basis) &&
         rows == other.rows && type == other.type;
}

void WeightPlan::note(const Request& request) {
  const auto same = [&](const Request& known) { return known.same(request); };
  if (std::none_of(requests_.begin(), requests_.end(), same)) requests_.push_back(request);
}

WeightScope::WeightScope(WeightPlan& plan) : plan_(plan), before_(scope_in_force) {
  scope_in_force = this;
  if (!at::autocast::is_autocast_enabled(torch::kCUDA)) return;
  const auto type = at::autocast::get_autocast_dtype(torch::kCUDA);
  std::vector<Request> casts, changes;
  for (const auto& r : plan.requests()) {
    if (r.type == type && takes(r)) (r.basis.defined() ? changes : casts).push_back(r);
  }
  std::vector<Prepared> done_changes;
  {
    const torch::NoGradGuard none;  // gradients of casts go to the weights themselves, in fp32
    auto all = casts;
    all.insert(all.end(), changes.begin(), changes.end());
    const auto done = prepare(all);
    for (std::size_t i = 0; i < casts.size(); ++i) ready_.push_back({casts[i], done[i].weight, {}});
    done_changes.assign(done.begin() + static_cast<std::ptrdiff_t>(casts.size()), done.end());
  }
  if (changes.empty()) return;
  std::vector<Tensor> leaves;
  for (const auto& r : changes) {
    leaves.push_back(r.weight);
    if (r.bias.defined()) leaves.push_back(r.bias);
  }
  const auto done = ChangeTogether::apply(at::TensorList(leaves), changes, done_changes);
  std::size_t at = 0;
  for (const auto& r : changes) {
    const auto weight = done[at++];
    ready_.push_back({r, weight, r.bias.defined() ? done[at++] : Tensor()});
  }
}

WeightScope::~WeightScope() { scope_in_force = before_; }

std::optional<WeightScope::Ready> ready_weight(const WeightPlan::Request& request) {
  if (scope_in_force == nullptr) return std::nullopt;
  for (const auto& ready : scope_in_force->ready_) {
    if (ready.request.same(request)) return ready;
  }
  scope_in_force->plan_.note(request);
  return std::nullopt;
}

}  // namespace regard::ops
