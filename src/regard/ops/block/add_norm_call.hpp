// What the operators of residual sum and norm ask of their CUDA kernels: when these take the work,
// and the problem they are given, kept for the backward. Inside ops.
#pragma once

#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "regard/kernels/cuda/add_norm.hpp"
#include "regard/ops/block/add_norm.hpp"
#include "regard/ops/cuda.hpp"
#include "regard/ops/maybe.hpp"

namespace regard::ops {

/// The type of norm(x + branch): that of the branch, else of autocast, else of the stream.
inline torch::ScalarType type_of_h(const torch::Tensor& x, const Branch& branch) {
  if (branch.defined()) return branch.scalar_type();
  return at::autocast::is_autocast_enabled(torch::kCUDA)
             ? at::autocast::get_autocast_dtype(torch::kCUDA)
             : x.scalar_type();
}

inline bool can_fuse_norm(const torch::Tensor& x, const Branch& branch,
                          const NormParameters& norm) {
  if (!x.is_cuda() || !x.is_contiguous() || norm.weight.scalar_type() != torch::kFloat)
    return false;
  if (branch.bias.defined() && branch.bias.scalar_type() != torch::kFloat) return false;
  return can_add_norm({torch::kCUDA, x.scalar_type(), type_of_h(x, branch)}, x.size(-1)).ok;
}

/// The arguments that are no tensors of autograd.
struct NormCall {
  torch::ScalarType h;
  bool centred;
  double eps, p;
  DropoutKey key;

  NormCall(const torch::Tensor& x, const Branch& branch, const NormParameters& norm, double dropout,
           const DropoutKey& given)
      : h(type_of_h(x, branch)), centred(norm.centred), eps(norm.eps), p(dropout), key(given) {
    if (p > 0 && !key.step.defined()) key.step = at::zeros({}, x.options().dtype(torch::kLong));
  }
  /// As `keep` left it; the step is kept among the saved variables.
  NormCall(torch::autograd::AutogradContext* ctx, const torch::Tensor& step)
      : h(static_cast<torch::ScalarType>(ctx->saved_data["h"].toInt())),
        centred(ctx->saved_data["centred"].toBool()),
        eps(ctx->saved_data["eps"].toDouble()),
        p(ctx->saved_data["p"].toDouble()),
        key{ctx->saved_data["seed"].toInt(), step, ctx->saved_data["site"].toInt()} {}

  void keep(torch::autograd::AutogradContext* ctx) const {
    ctx->saved_data["h"] = static_cast<int64_t>(h);
    ctx->saved_data["centred"] = centred;
    ctx->saved_data["eps"] = eps;
    ctx->saved_data["p"] = p;
    ctx->saved_data["seed"] = key.seed;
    ctx->saved_data["site"] = key.site;
  }

  kernels::cuda::AddNormProblem problem(const torch::Tensor& x) const {
    kernels::cuda::AddNormProblem problem{x.numel() / x.size(-1),
                                          static_cast<int>(x.size(-1)),
                                          storage_of(x.scalar_type()),
                                          storage_of(h),
                                          centred,
                                          static_cast<float>(eps),
                                          {}};
    if (p > 0) {
      problem.draw = kernels::cuda::make_draw(p, static_cast<uint64_t>(key.seed),
                                              key.step.const_data_ptr<int64_t>(),
                                              static_cast<uint32_t>(key.site));
    }
    return problem;
  }

  /// Without dropout and with one type the gradients of stream and branch are one tensor.
  bool one_gradient(const torch::Tensor& x) const { return p == 0 && h == x.scalar_type(); }
};

/// Where the backward writes; undefined: not wanted. `branch` is `x` where one tensor serves both.
struct NormGradients {
  torch::Tensor x, branch, weight, bias, branch_bias;

  NormGradients(torch::autograd::AutogradContext* ctx, const NormCall& call,
                const torch::Tensor& sum, const torch::Tensor& gamma)
      : x(at::empty(sum.sizes(), sum.options())) {
    if (ctx->saved_data["branch"].toBool()) {
      branch = call.one_gradient(sum) ? x : at::empty(sum.sizes(), sum.options().dtype(call.h));
    }
    const auto like_gamma = [&](bool wanted) {
      return wanted ? at::empty(gamma.sizes(), gamma.options()) : torch::Tensor();
    };
    weight = like_gamma(true);
    bias = like_gamma(call.centred);
    branch_bias = like_gamma(ctx->saved_data["bias"].toBool());
  }
  void* branch_apart() const {
    return branch.defined() && !branch.is_same(x) ? branch.data_ptr() : nullptr;
  }
};

inline const void* data_or_null(const torch::Tensor& x) {
  return x.defined() ? x.const_data_ptr() : nullptr;
}
inline float* floats_or_null(const torch::Tensor& x) {
  return x.defined() ? x.mutable_data_ptr<float>() : nullptr;
}
inline const float* const_floats_or_null(const torch::Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}

/// Runs add_norm_backward. `saved` begins with x', stats, gamma, the step of dropout; `grads` are
/// those of x' and h.
inline NormGradients norm_gradients(torch::autograd::AutogradContext* ctx,
                                    const torch::autograd::variable_list& saved,
                                    const torch::autograd::variable_list& grads, const char* what) {
  const auto &x = saved[0], &stats = saved[1], &gamma = saved[2];
  const NormCall call(ctx, saved[3]);
  const auto problem = call.problem(x);
  const auto next = grads[0].defined() ? grads[0].contiguous() : torch::Tensor();
  const auto dh =
      grads[1].defined() ? grads[1].contiguous() : at::zeros_like(x, x.options().dtype(call.h));
  NormGradients out(ctx, call, x, gamma);
  const auto scratch =
      at::empty({kernels::cuda::add_norm_blocks(problem) * 3, problem.width}, stats.options());
  check_status(
      kernels::cuda::add_norm_backward(
          problem, x.const_data_ptr(), stats.const_data_ptr<float>(), gamma.const_data_ptr<float>(),
          data_or_null(next), dh.const_data_ptr(), out.x.data_ptr(), out.branch_apart(),
          out.weight.data_ptr<float>(), floats_or_null(out.bias), floats_or_null(out.branch_bias),
          scratch.data_ptr<float>(), stream_of(x)),
      what);
  return out;
}

}  // namespace regard::ops
