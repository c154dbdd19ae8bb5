#include "regard/attention/chunks.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <algorithm>

namespace regard::attention {
using torch::Tensor;
using torch::autograd::variable_list;

namespace {

using Compute = std::function<Tensor(const variable_list&)>;

struct Holder : torch::CustomClassHolder {
  explicit Holder(Compute run) : compute(std::move(run)) {}
  Compute compute;
};

// PyTorch looks for tensors among the arguments themselves, so that there is a fixed number of
// them: q, k, v, the bias, log
// gates, and up to three parameters of the fold.
constexpr std::size_t kTensors = 8;

struct Recomputed : torch::autograd::Function<Recomputed> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Compute* compute,
                        const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d,
                        const Tensor& e, const Tensor& f, const Tensor& g, const Tensor& h) {
    const variable_list inputs = {a, b, c, d, e, f, g, h};
    ctx->save_for_backward(inputs);
    ctx->saved_data["compute"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(*compute));
    const torch::NoGradGuard no_grad;
    return (*compute)(inputs);
  }

  static variable_list backward(torch::autograd::AutogradContext* ctx, const variable_list& g) {
    const auto saved = ctx->get_saved_variables();
    const auto holder =
        c10::static_intrusive_pointer_cast<Holder>(ctx->saved_data["compute"].toCapsule());
    variable_list leaves, wanted;
    for (const auto& tensor : saved) {
      const bool needs = tensor.requires_grad();
      leaves.push_back(tensor.detach().requires_grad_(needs));
      if (needs) wanted.push_back(leaves.back());
    }
    variable_list grads;
    {
      const torch::AutoGradMode record(true);
      grads = torch::autograd::grad({holder->compute(leaves)}, wanted, {g[0]}, false, false, true);
    }
    variable_list all(1);  // none for `compute`
    auto next = grads.begin();
    for (const auto& leaf : leaves) {
      all.push_back(leaf.requires_grad() ? *next++ : Tensor());
    }
    return all;
  }
};

// The tensors of `x` that may need a gradient, in one order.
std::vector<Tensor*> differentiable(Inputs& x) {
  std::vector<Tensor*> all = {&x.q, &x.k, &x.v, &x.bias, &x.edges.log_gate};
  for (auto& parameter : x.parameters) all.push_back(&parameter);
  std::erase_if(all, [](const Tensor* t) { return !t->defined(); });
  return all;
}

Inputs chunk(const Inputs& given, int64_t first, int64_t count) {
  Inputs x = given;
  if (x.q.defined()) x.q = x.q.narrow(2, first, count);
  if (x.bias.defined() && x.bias.size(-2) > 1) x.bias = x.bias.narrow(-2, first, count);
  if (x.query_lengths.defined()) x.query_lengths = (x.query_lengths - first).clamp_min(0);
  x.edges = x.edges.rows(first, count);
  x.queries = count;
  return x;
}

}  // namespace

Tensor in_chunks(const Inputs& given, int64_t rows, const Run& run) {
  if (given.queries <= rows) return run(given);
  std::vector<Tensor> parts;
  for (int64_t first = 0; first < given.queries; first += rows) {
    const int64_t count = std::min(rows, given.queries - first);
    const Compute compute = [given, first, count, run](const variable_list& tensors) {
      Inputs x = given;
      auto next = tensors.begin();
      for (auto* tensor : differentiable(x)) *tensor = *next++;
      return run(chunk(x, first, count));
    };
    Inputs x = given;
    variable_list tensors;
    for (const auto* tensor : differentiable(x)) tensors.push_back(*tensor);
    TORCH_INTERNAL_ASSERT(tensors.size() <= kTensors);
    // An empty tensor stands for none.
    tensors.resize(kTensors, at::empty({0}, given.v.options()));
    const auto& t = tensors;
    parts.push_back(Recomputed::apply(&compute, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]));
  }
  return at::cat(parts, 2);
}

}  // namespace regard::attention
