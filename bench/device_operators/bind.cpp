// The product that makes q, k and v and binds on the way, with the passes after it, against
// float64.
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>

#include "checks.hpp"
#include "regard/attention/phrase.hpp"
#include "regard/ops/attention/bind_linear.hpp"
#include "regard/ops/attention/hrr.hpp"

namespace regard::bench {
using torch::Tensor;

namespace {

constexpr int64_t kWidth = 256;

/// y (B, T, H) of q, k and v in the folded basis, and the gradients of the inputs of <y, g>.
Tensors with_gradients(const Tensor& y, const Tensors& inputs, const Tensor& g) {
  auto out = torch::autograd::grad({y}, inputs, {g.to(y.options())});
  out.insert(out.begin(), y.detach());
  return out;
}

Tensors leaves(const Tensors& inputs, torch::TensorOptions options) {
  Tensors out;
  for (const auto& x : inputs) out.push_back(x.to(options).requires_grad_());
  return out;
}

}  // namespace

void check_bind(torch::Device device) {
  const auto phrase = attention::parse_phrase("hrr");
  for (const int64_t heads : {4, 8, 16}) {
    for (const int64_t length : {4096, 4160, 4100}) {  // the last has no kernel of its own
      torch::manual_seed(10);
      const int64_t batch = 2;
      const Tensors given = {torch::randn({batch, length, kWidth}),
                             torch::randn({3 * kWidth, kWidth}) / 16, torch::randn({3 * kWidth})};
      const auto g = torch::randn({batch, length, kWidth});
      const std::vector<int64_t> rows = {batch, length, 3, heads, kWidth / heads};
      for (const auto type : {torch::kHalf, torch::kBFloat16}) {
        if (brief() && (type == torch::kHalf || length == 4160)) continue;
        Tensors rounded;
        for (const auto& x : given) rounded.push_back(x.to(type));
        const auto exact = leaves(rounded, torch::kDouble);
        const auto qkv = at::linear(exact[0], exact[1], exact[2]).view(rows);
        const auto part = [&](int64_t i) { return qkv.select(2, i).transpose(1, 2); };
        auto in = attention::make_inputs(part(0), part(1), part(2), phrase.graph->facts(false));
        const auto expected =
            with_gradients(phrase.fold->in_own_basis()(in).transpose(1, 2).reshape({batch, length, -1}),
                           exact, g.to(type).to(torch::kDouble));

        auto on = leaves(rounded, torch::dtype(type).device(device));
        on[2] = rounded[2].to(torch::dtype(torch::kFloat).device(device)).requires_grad_();
        auto made = ops::linear_bind(on[0], {on[1], on[2]}, heads);
        const bool bound = made.bindings.defined();
        made.value = made.value.view(rows);
        const auto came = with_gradients(
            ops::hrr_packed(made, {}, {}).transpose(1, 2).reshape({batch, length, -1}), on,
            g.to(type));
        report("q, k and v " + std::string(bound ? "bound in the product" : "as they are") +
                   ", T " + std::to_string(length) + ", " + std::to_string(heads) + " heads, " +
                   c10::toString(type),
               worst_distance(came, expected), limit_of(type));
      }
    }
  }
}

}  // namespace regard::bench
