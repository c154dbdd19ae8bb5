#include "regard/ops/attention/hrr.hpp"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>

#include "regard/ops/attention/hrr_kernel.hpp"
#include "regard/ops/maybe.hpp"
#include "regard/ops/place.hpp"

namespace regard::ops {
namespace {
using torch::Tensor;
using Three = std::tuple<Tensor, Tensor, Tensor>;

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

HrrArguments arguments(const Tensor& q, const Tensor& k, const Tensor& v,
                       const MaybeTensor& lengths, const HrrOptions& options) {
  check_shapes(q, k, v, lengths);
  const auto& unbind = options.unbind;
  TORCH_CHECK(unbind == "conj" || unbind == "exact" || unbind == "unit",
              "regard::hrr: unbind conj, exact or unit was expected, and ", unbind, " came");
  TORCH_CHECK(!(options.pads_in && options.causal),
              "regard::hrr: pads_in has no meaning in a causal call");
  return {q, k, v, lengths.value_or(Tensor()), options};
}

// ---- devices

HrrResult run_forward(const HrrArguments& x) {
  return x.q.is_cuda() ? hrr_forward_cuda(x) : hrr_forward_cpu(x);
}
void run_backward(const HrrArguments& x, const Tensor& g, const HrrResult& forward,
                  const HrrGradients& out) {
  x.q.is_cuda() ? hrr_backward_cuda(x, g, forward, out) : hrr_backward_cpu(x, g, forward, out);
}

Three forward(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& lengths,
              bool causal, bool time_scale, std::string_view unbind, bool pads_in) {
  const HrrOptions options{causal, time_scale, std::string(unbind), pads_in};
  const auto out = run_forward(arguments(q, k, v, lengths, options));
  return {out.y, out.s, out.z};
}

Three backward(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v,
               const MaybeTensor& lengths, const Tensor& s, const Tensor& z, bool causal,
               bool time_scale, std::string_view unbind, bool pads_in) {
  TORCH_CHECK(g.sizes() == q.sizes(), "regard::hrr_backward: a gradient of shape ", q.sizes(),
              " was expected, and ", g.sizes(), " came");
  const HrrGradients out{empty_heads(q), empty_heads(q), empty_heads(q), Tensor()};
  const HrrOptions options{causal, time_scale, std::string(unbind), pads_in};
  run_backward(arguments(q, k, v, lengths, options), g, {{}, s, z}, out);
  return {out.dq, out.dk, out.dv};
}

// ---- meta: shapes alone

Three forward_meta(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& lengths,
                   bool causal, bool, std::string_view, bool) {
  check_shapes(q, k, v, lengths);
  const auto out = empty_hrr(q, causal);
  return {out.y, out.s, out.z};
}

Three backward_meta(const Tensor&, const Tensor& q, const Tensor& k, const Tensor& v,
                    const MaybeTensor& lengths, const Tensor&, const Tensor&, bool, bool,
                    std::string_view, bool) {
  check_shapes(q, k, v, lengths);
  return {empty_heads(q), empty_heads(q), empty_heads(q)};
}

// ---- autograd

template <class F>
auto typed(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<F>();
}

Three call_forward(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& lengths,
                   const HrrOptions& o) {
  static const auto op = typed<decltype(forward)>("regard::hrr_forward");
  return op.call(q, k, v, lengths, o.causal, o.time_scale, o.unbind, o.pads_in);
}

Three call_backward(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v,
                    const MaybeTensor& lengths, const Tensor& s, const Tensor& z,
                    const HrrOptions& o) {
  static const auto op = typed<decltype(backward)>("regard::hrr_backward");
  return op.call(g, q, k, v, lengths, s, z, o.causal, o.time_scale, o.unbind, o.pads_in);
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void save_options(AutogradContext& ctx, const HrrOptions& options) {
  ctx.saved_data["causal"] = options.causal;
  ctx.saved_data["time_scale"] = options.time_scale;
  ctx.saved_data["unbind"] = options.unbind;
  ctx.saved_data["pads_in"] = options.pads_in;
}
HrrOptions saved_options(AutogradContext& ctx) {
  return {ctx.saved_data["causal"].toBool(), ctx.saved_data["time_scale"].toBool(),
          ctx.saved_data["unbind"].toStringRef(), ctx.saved_data["pads_in"].toBool()};
}

struct HrrFunction : torch::autograd::Function<HrrFunction> {
  static variable_list forward(AutogradContext* ctx, const Tensor& q, const Tensor& k,
                               const Tensor& v, const MaybeTensor& lengths,
                               const HrrOptions& options) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto [y, s, z] = call_forward(q, k, v, lengths, options);
    ctx->save_for_backward({q, k, v, lengths.value_or(Tensor()), s, z});
    save_options(*ctx, options);
    ctx->mark_non_differentiable({s, z});
    return {y, s, z};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& g) {
    const auto saved = ctx->get_saved_variables();
    const MaybeTensor lengths = maybe(saved[3]);
    auto [dq, dk, dv] = call_backward(g[0], saved[0], saved[1], saved[2], lengths, saved[4],
                                      saved[5], saved_options(*ctx));
    return {dq, dk, dv, Tensor(), Tensor()};
  }
};

Three forward_autograd(const Tensor& q, const Tensor& k, const Tensor& v,
                       const MaybeTensor& lengths, bool causal, bool time_scale,
                       std::string_view unbind, bool pads_in) {
  auto out = HrrFunction::apply(q, k, v, lengths,
                                HrrOptions{causal, time_scale, std::string(unbind), pads_in});
  return {out[0], out[1], out[2]};
}

/// (B, T, 3, h, d) -> part i as (B, h, T, d)
Tensor part(const Tensor& qkv, int64_t i) { return qkv.select(2, i).transpose(1, 2); }

struct HrrPackedFunction : torch::autograd::Function<HrrPackedFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& qkv, const MaybeTensor& bias,
                        const MaybeTensor& given, const HrrOptions& options,
                        const MaybeTensor& bindings) {
    at::AutoDispatchBelowADInplaceOrView below;
    const Tensor lengths = given.value_or(Tensor());
    const auto out = run_forward(
        {part(qkv, 0), part(qkv, 1), part(qkv, 2), lengths, options, bindings.value_or(Tensor())});
    ctx->save_for_backward({qkv, lengths, out.s, out.z});
    save_options(*ctx, options);
    ctx->saved_data["bias"] = bias.has_value();
    return out.y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& g) {
    const auto saved = ctx->get_saved_variables();
    const auto& qkv = saved[0];
    const auto dqkv = at::empty(qkv.sizes(), qkv.options());
    const int64_t columns = qkv.numel() / (qkv.size(0) * qkv.size(1));
    const HrrArguments x{part(qkv, 0), part(qkv, 1), part(qkv, 2), saved[1], saved_options(*ctx)};
    HrrGradients out{part(dqkv, 0), part(dqkv, 1), part(dqkv, 2), Tensor()};
    const bool bias = ctx->saved_data["bias"].toBool(), sums = bias && hrr_sums_columns(x);
    if (sums) out.columns = at::empty({columns}, qkv.options().dtype(torch::kFloat));
    run_backward(x, g[0], {{}, saved[2], saved[3]}, out);
    if (bias && !sums) out.columns = bias_gradient(dqkv, columns);
    return {dqkv, out.columns, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor empty_heads(const Tensor& q) {
  const auto s = q.sym_sizes();
  return at::empty_symint({s[0], s[2], s[1], s[3]}, q.options()).transpose(1, 2);
}

HrrResult empty_hrr(const Tensor& q, bool causal) {
  const auto s = q.sym_sizes();
  const auto options = q.options().dtype(torch::kFloat);
  const c10::SymInt states =
      causal ? (s[2] + (kHrrStateTokens - 1)) / kHrrStateTokens : c10::SymInt(1);
  return {empty_heads(q), at::empty_symint({s[0], s[1], states, s[3]}, options),
          at::empty_symint({s[0], s[1], states}, options)};
}

Support can_hrr(const Problem& p, const HrrOptions& options) {
  if (p.width % 2 != 0) return Support::no("the head width is odd");
  if (p.heads != p.kv_heads) return Support::no("as many heads of q as of k and v are needed");
  if (p.device == torch::kCPU) {
    if (p.dtype != torch::kFloat && p.dtype != torch::kBFloat16) {
      return Support::no("it takes fp32 and bf16");
    }
    if (options.unbind != "conj") return Support::no("it unbinds with conj");
    return Support::yes();
  }
  if (p.device != torch::kCUDA) return Support::no("it runs on CPUs and CUDA GPUs");
  if (auto gpu = on_gpu(p.device); !gpu.ok) return gpu;
  if (p.dtype != torch::kFloat && p.dtype != torch::kHalf && p.dtype != torch::kBFloat16) {
    return Support::no("it takes fp32, fp16 and bf16");
  }
  if (p.width > 256) return Support::no("the head width is above 256");
  return Support::yes();
}

Tensor hrr(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& lengths,
           const HrrOptions& options) {
  return std::get<0>(call_forward(q, k, v, maybe(lengths), options));
}

Tensor hrr_packed(const DeferredBias& given, const Tensor& lengths, const HrrOptions& options) {
  const auto& qkv = given.value;
  TORCH_CHECK(qkv.dim() == 5 && qkv.size(2) == 3,
              "regard::hrr: qkv of shape (batch, time, 3, heads, width) was expected, and ",
              qkv.sizes(), " came");
  check_shapes(part(qkv, 0), part(qkv, 1), part(qkv, 2), maybe(lengths));
  TORCH_CHECK(!given.bindings.defined() || !lengths.defined(),
              "regard::hrr: sums of all tokens were given, and lengths came");
  return HrrPackedFunction::apply(qkv, maybe(given.bias), maybe(lengths), options,
                                  maybe(given.bindings));
}

TORCH_LIBRARY_IMPL(regard, CPU, m) {
  m.impl("hrr_forward", &forward);
  m.impl("hrr_backward", &backward);
}

TORCH_LIBRARY_IMPL(regard, CUDA, m) {
  m.impl("hrr_forward", &forward);
  m.impl("hrr_backward", &backward);
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
