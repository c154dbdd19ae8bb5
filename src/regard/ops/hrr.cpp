#include "regard/ops/hrr.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

#include "regard/kernels/cpu/hrr.hpp"
#include "regard/ops/parallel.hpp"

namespace regard::ops {
namespace {
using torch::Tensor;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using MaybeTensor = std::optional<Tensor>;

// ---- checks

void check_shapes(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& lengths) {
  TORCH_CHECK(q.dim() == 4,
              "regard::hrr: q of shape (batch, heads, time, width) was expected, and ",
              q.sym_sizes(), " came");
  TORCH_CHECK(k.sym_sizes() == q.sym_sizes() && v.sym_sizes() == q.sym_sizes(),
              "regard::hrr: q, k and v of one shape were expected, and ", q.sym_sizes(), ", ",
              k.sym_sizes(), " and ", v.sym_sizes(), " came");
  TORCH_CHECK(q.sym_size(3) > 0 && q.sym_size(3) % 2 == 0,
              "regard::hrr: an even head width was expected, and ", q.sym_size(3), " came");
  if (!lengths) return;
  TORCH_CHECK(lengths->dim() == 1 && lengths->sym_size(0) == q.sym_size(0) &&
                  lengths->scalar_type() == torch::kLong,
              "regard::hrr: int64 lengths of shape (", q.sym_size(0), ") were expected, and ",
              lengths->scalar_type(), " of shape ", lengths->sym_sizes(), " came");
}

void check_types(at::TensorList tensors) {
  for (const auto& x : tensors) {
    TORCH_CHECK(x.scalar_type() == torch::kFloat && x.device().is_cpu(),
                "regard::hrr: fp32 tensors on the CPU were expected, and ", x.scalar_type(), " on ",
                x.device(), " came");
  }
}

Tensor checked_lengths(const MaybeTensor& lengths, int64_t time) {
  if (!lengths) return {};
  TORCH_CHECK(lengths->device().is_cpu(), "regard::hrr: lengths on the CPU were expected, and ",
              lengths->device(), " came");
  const Tensor packed = lengths->contiguous();
  for (int64_t b = 0; b < packed.numel(); ++b) {
    const int64_t length = packed.const_data_ptr<int64_t>()[b];
    TORCH_CHECK(length >= 0 && length <= time, "regard::hrr: lengths in [0, ", time,
                "] were expected, and ", length, " came for sequence ", b);
  }
  return packed;
}

// ---- views of the kernel

Tensor with_rows(const Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

kernels::HeadView<const float> input(const Tensor& x) {
  return {x.const_data_ptr<float>(), x.stride(0), x.stride(1), x.stride(2)};
}
kernels::HeadView<float> output(const Tensor& x) {
  return {x.mutable_data_ptr<float>(), x.stride(0), x.stride(1), x.stride(2)};
}

kernels::HrrProblem problem_of(const Tensor& q, const Tensor& lengths, bool causal,
                               bool time_scale) {
  return {q.size(0),
          q.size(1),
          q.size(2),
          q.size(3),
          lengths.defined() ? lengths.const_data_ptr<int64_t>() : nullptr,
          causal,
          time_scale};
}

/// (B, h, T, d) as a view of (B, T, h, d), so that merging the heads afterwards copies nothing.
Tensor empty_heads(const Tensor& q) {
  const auto s = q.sym_sizes();
  return at::empty_symint({s[0], s[2], s[1], s[3]}, q.options()).transpose(1, 2);
}

Three empty_outputs(const Tensor& q, bool causal) {
  const auto s = q.sym_sizes();
  const c10::SymInt states =
      causal ? (s[2] + (kernels::kHrrChunk - 1)) / kernels::kHrrChunk : c10::SymInt(1);
  return {empty_heads(q), at::empty_symint({s[0], s[1], states, s[3]}, q.options()),
          at::empty_symint({s[0], s[1], states}, q.options())};
}

// ---- CPU

Three forward_cpu(const Tensor& q_in, const Tensor& k_in, const Tensor& v_in,
                  const MaybeTensor& lengths_in, bool causal, bool time_scale) {
  check_shapes(q_in, k_in, v_in, lengths_in);
  check_types({q_in, k_in, v_in});
  const Tensor lengths = checked_lengths(lengths_in, q_in.size(2));
  const Tensor q = with_rows(q_in), k = with_rows(k_in), v = with_rows(v_in);
  auto [y, s, z] = empty_outputs(q, causal);
  kernels::hrr_forward(problem_of(q, lengths, causal, time_scale), input(q), input(k), input(v),
                       output(y), s.mutable_data_ptr<float>(), z.mutable_data_ptr<float>(),
                       parallel_for);
  return {y, s, z};
}

Three backward_cpu(const Tensor& g_in, const Tensor& q_in, const Tensor& k_in, const Tensor& v_in,
                   const MaybeTensor& lengths_in, const Tensor& s_in, const Tensor& z_in,
                   bool causal, bool time_scale) {
  check_shapes(q_in, k_in, v_in, lengths_in);
  check_types({g_in, q_in, k_in, v_in, s_in, z_in});
  TORCH_CHECK(g_in.sizes() == q_in.sizes(), "regard::hrr_backward: a gradient of shape ",
              q_in.sizes(), " was expected, and ", g_in.sizes(), " came");
  const Tensor lengths = checked_lengths(lengths_in, q_in.size(2));
  const Tensor g = with_rows(g_in), q = with_rows(q_in), k = with_rows(k_in), v = with_rows(v_in);
  const Tensor s = s_in.contiguous(), z = z_in.contiguous();
  const auto problem = problem_of(q, lengths, causal, time_scale);
  const int64_t states = problem.batch * problem.heads * kernels::hrr_states(problem);
  TORCH_CHECK(z.numel() == states && s.numel() == states * problem.width,
              "regard::hrr_backward: the s and z of hrr_forward were expected, and shapes ",
              s.sizes(), " and ", z.sizes(), " came");
  Three out{empty_heads(q), empty_heads(q), empty_heads(q)};
  kernels::hrr_backward(problem, input(q), input(k), input(v), input(g), s.const_data_ptr<float>(),
                        z.const_data_ptr<float>(), output(std::get<0>(out)),
                        output(std::get<1>(out)), output(std::get<2>(out)), parallel_for);
  return out;
}

// ---- meta: shapes alone

Three forward_meta(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& lengths,
                   bool causal, bool) {
  check_shapes(q, k, v, lengths);
  return empty_outputs(q, causal);
}

Three backward_meta(const Tensor&, const Tensor& q, const Tensor& k, const Tensor& v,
                    const MaybeTensor& lengths, const Tensor&, const Tensor&, bool, bool) {
  check_shapes(q, k, v, lengths);
  return {empty_heads(q), empty_heads(q), empty_heads(q)};
}

// ---- autograd

Three call_forward(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& lengths,
                   bool causal, bool time_scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("regard::hrr_forward", "")
                             .typed<decltype(forward_cpu)>();
  return op.call(q, k, v, lengths, causal, time_scale);
}

Three call_backward(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v,
                    const MaybeTensor& lengths, const Tensor& s, const Tensor& z, bool causal,
                    bool time_scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("regard::hrr_backward", "")
                             .typed<decltype(backward_cpu)>();
  return op.call(g, q, k, v, lengths, s, z, causal, time_scale);
}

struct HrrFunction : torch::autograd::Function<HrrFunction> {
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* ctx,
                                                const Tensor& q, const Tensor& k, const Tensor& v,
                                                const MaybeTensor& lengths, bool causal,
                                                bool time_scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [y, s, z] = call_forward(q, k, v, lengths, causal, time_scale);
    ctx->save_for_backward({q, k, v, lengths.value_or(Tensor()), s, z});
    ctx->saved_data["causal"] = causal;
    ctx->saved_data["time_scale"] = time_scale;
    ctx->mark_non_differentiable({s, z});
    return {y, s, z};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& g) {
    const auto saved = ctx->get_saved_variables();
    const MaybeTensor lengths = saved[3].defined() ? MaybeTensor(saved[3]) : std::nullopt;
    auto [dq, dk, dv] =
        call_backward(g[0], saved[0], saved[1], saved[2], lengths, saved[4], saved[5],
                      ctx->saved_data["causal"].toBool(), ctx->saved_data["time_scale"].toBool());
    return {dq, dk, dv, Tensor(), Tensor(), Tensor()};
  }
};

Three forward_autograd(const Tensor& q, const Tensor& k, const Tensor& v,
                       const MaybeTensor& lengths, bool causal, bool time_scale) {
  auto out = HrrFunction::apply(q, k, v, lengths, causal, time_scale);
  return {out[0], out[1], out[2]};
}

}  // namespace

Tensor hrr(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& lengths,
           const HrrOptions& options) {
  return std::get<0>(call_forward(q, k, v, lengths.defined() ? MaybeTensor(lengths) : std::nullopt,
                                  options.causal, options.time_scale));
}

TORCH_LIBRARY_IMPL(regard, CPU, m) {
  m.impl("hrr_forward", &forward_cpu);
  m.impl("hrr_backward", &backward_cpu);
}

TORCH_LIBRARY_IMPL(regard, Meta, m) {
  m.impl("hrr_forward", &forward_meta);
  m.impl("hrr_backward", &backward_meta);
}

TORCH_LIBRARY_IMPL(regard, Autograd, m) {
  m.impl("hrr_forward", &forward_autograd);
  m.impl("hrr_backward", torch::autograd::autogradNotImplementedFallback());
}

}  // namespace regard::ops
