// torch.ops.regard.attention(q, k, v, phrase, causal): a phrase on tensors, in Python and
// TorchScript.
//
// In eager mode it is the composition of what the chosen kernel records. Under a tracer
// (torch.compile, export, fake tensors) it stays one operator with a known shape, and its backward
// recomputes the forward.
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/autograd_not_implemented_fallback.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <map>
#include <mutex>
#include <tuple>

#include "regard/attention/phrase.hpp"
#include "regard/base/error.hpp"

namespace regard::attention {
namespace {
using torch::Tensor;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using Text = c10::string_view;

const Phrase& cached_phrase(const std::string& text) {
  static std::mutex mutex;
  static std::map<std::string, Phrase> parsed;
  const std::lock_guard lock(mutex);
  const auto found = parsed.find(text);
  if (found != parsed.end()) return found->second;
  return parsed.emplace(text, parse_phrase(text)).first->second;
}

// The phrase for a call; its mistakes become ValueError in Python.
const Phrase& checked_phrase(Text text, bool causal) {
  try {
    const auto& phrase = cached_phrase(std::string(text));
    check_meaning(phrase, causal);
    if (phrase.projection_name != "separate") {
      throw InputError(
          "regard::attention: q, k and v are given, so a phrase without a projection "
          "was expected, and \"" +
          phrase.projection_name + "\" came");
    }
    return phrase;
  } catch (const InputError& error) {
    TORCH_CHECK_VALUE(false, error.what());
  }
}

// y as a view of (B, T, h, d), whichever kernel ran: compiled code relies on strides that are known
// before. Merging the heads afterwards copies nothing. `off` gives v itself, and an operator may
// not return its input.
Tensor heads_inside(const Tensor& y, const Tensor& v) {
  const auto rows = y.transpose(1, 2);
  const auto own = y.is_alias_of(v) ? rows.clone(at::MemoryFormat::Contiguous) : rows.contiguous();
  return own.transpose(1, 2);
}

Tensor run(const Tensor& q, const Tensor& k, const Tensor& v, Text text, bool causal) {
  const auto& phrase = checked_phrase(text, causal);
  try {
    const auto x = make_inputs(q, k, v, phrase.graph->facts(causal), "regard::attention");
    const auto y = attend(*phrase.fold, phrase.fold_name, x);
    return heads_inside(y, v);
  } catch (const InputError& error) {
    TORCH_CHECK_VALUE(false, error.what());
  }
}

Tensor forward(const Tensor& q, const Tensor& k, const Tensor& v, Text text, bool causal) {
  return run(q, k, v, text, causal);
}

Tensor forward_meta(const Tensor& q, const Tensor& k, const Tensor& v, Text text, bool causal) {
  checked_phrase(text, causal);
  try {
    check_types(q, k, v, "regard::attention");
  } catch (const InputError& error) {
    TORCH_CHECK_VALUE(false, error.what());
  }
  TORCH_CHECK_VALUE(q.dim() == 4, "regard::attention: q of shape (B, h, T, d) was expected, and ",
                    q.sym_sizes(), " came");
  const auto s = q.sym_sizes();
  return at::empty_symint({s[0], s[2], s[1], s[3]}, q.options()).transpose(1, 2);
}

Three backward(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v, Text text,
               bool causal) {
  // This runs below autograd, which has to record once more.
  auto keys = c10::impl::tls_local_dispatch_key_set();
  keys.excluded_ = keys.excluded_ - c10::autograd_dispatch_keyset_with_ADInplaceOrView;
  const c10::impl::ForceDispatchKeyGuard with_autograd(keys);
  const torch::AutoGradMode record(true);
  const auto leaf = [](const Tensor& x) { return x.detach().requires_grad_(); };
  const std::vector<Tensor> leaves = {leaf(q), leaf(k), leaf(v)};
  const auto y = run(leaves[0], leaves[1], leaves[2], text, causal);
  auto grads = torch::autograd::grad({y}, leaves, {g}, false, false, true);
  for (std::size_t i = 0; i < grads.size(); ++i) {
    auto& grad = grads[i];
    if (!grad.defined()) grad = at::zeros_like(leaves[i]);  // a fold that does not use it
    grad = grad.is_alias_of(g) ? grad.clone(at::MemoryFormat::Contiguous) : grad.contiguous();
    grad = grad.detach();
  }
  return {grads[0], grads[1], grads[2]};
}

Three backward_meta(const Tensor&, const Tensor& q, const Tensor& k, const Tensor& v, Text, bool) {
  const auto like = [](const Tensor& x) { return at::empty_symint(x.sym_sizes(), x.options()); };
  return {like(q), like(k), like(v)};
}

Tensor call_forward(const Tensor& q, const Tensor& k, const Tensor& v, Text text, bool causal) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("regard::attention", "")
                             .typed<decltype(forward)>();
  return op.call(q, k, v, text, causal);
}

Three call_backward(const Tensor& g, const Tensor& q, const Tensor& k, const Tensor& v, Text text,
                    bool causal) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("regard::attention_backward", "")
                             .typed<decltype(backward)>();
  return op.call(g, q, k, v, text, causal);
}

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& q, const Tensor& k,
                        const Tensor& v, const std::string& text, bool causal) {
    const at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({q, k, v});
    ctx->saved_data["phrase"] = text;
    ctx->saved_data["causal"] = causal;
    return call_forward(q, k, v, text, causal);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& g) {
    const auto saved = ctx->get_saved_variables();
    auto [dq, dk, dv] =
        call_backward(g[0], saved[0], saved[1], saved[2], ctx->saved_data["phrase"].toStringRef(),
                      ctx->saved_data["causal"].toBool());
    return {dq, dk, dv, Tensor(), Tensor()};
  }
};

bool traced(const Tensor& x) {
  constexpr c10::DispatchKeySet kTracing(
      {c10::DispatchKey::Python, c10::DispatchKey::Functionalize});
  return x.is_meta() || x.key_set().has_any(kTracing);
}

// torch.func.grad, jvp and their kin wrap tensors in a way that operators in C++ with gradients of
// their own cannot take.
bool in_functorch(const Tensor& x) {
  return x.key_set().has_any(c10::DispatchKeySet(
      {c10::DispatchKey::FuncTorchGradWrapper, c10::DispatchKey::FuncTorchBatched}));
}

Tensor forward_autograd(const Tensor& q, const Tensor& k, const Tensor& v, Text text, bool causal) {
  TORCH_CHECK_NOT_IMPLEMENTED(
      !in_functorch(q) && !in_functorch(k) && !in_functorch(v),
      "regard::attention: plain tensors were expected, and tensors of a gradient of torch.func "
      "(grad, vjp, jvp, jacrev) came; use torch.autograd, one example after another");
  if (c10::impl::dispatch_mode_enabled() || traced(q) || traced(k) || traced(v)) {
    return AttentionFunction::apply(q, k, v, std::string(text), causal);
  }
  return run(q, k, v, text, causal);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(regard, m) {
  m.def("attention(Tensor q, Tensor k, Tensor v, str phrase, bool causal=False) -> Tensor");
  m.def(
      "attention_backward(Tensor g, Tensor q, Tensor k, Tensor v, str phrase, bool causal) -> "
      "(Tensor dq, Tensor dk, Tensor dv)");
}

TORCH_LIBRARY_IMPL(regard, CompositeExplicitAutograd, m) {
  m.impl("attention", &forward);
  m.impl("attention_backward", &backward);
}

TORCH_LIBRARY_IMPL(regard, Meta, m) {
  m.impl("attention", &forward_meta);
  m.impl("attention_backward", &backward_meta);
}

TORCH_LIBRARY_IMPL(regard, Autograd, m) {
  m.impl("attention", &forward_autograd);
  m.impl("attention_backward", torch::autograd::autogradNotImplementedFallback());
}

}  // namespace regard::attention
