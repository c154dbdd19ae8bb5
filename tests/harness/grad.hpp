// grad: the reference's autograd against central differences in float64.
#pragma once

#include "harness/agree.hpp"

namespace regard::harness {

/// d f / d x by differences of fourth order: (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12 h.
inline Tensor central_differences(const std::function<double()>& f, Tensor x, double h = 2e-5) {
  const torch::NoGradGuard guard;
  auto gradient = at::zeros_like(x);
  auto flat = x.view(-1), out = gradient.view(-1);
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double before = flat[i].item<double>();
    const auto at_offset = [&](double offset) {
      flat[i].fill_(before + offset);
      return f();
    };
    const double near = at_offset(h) - at_offset(-h), far = at_offset(2 * h) - at_offset(-2 * h);
    flat[i].fill_(before);
    out[i].fill_((8 * near - far) / (12 * h));
  }
  return gradient;
}

/// sum(weight * tanh(y)): no direction of y is without effect.
inline Tensor probe(const Tensor& y) { return (random(y.sizes(), 17) * y.tanh()).sum(); }

inline void grad(const std::string& phrase, const std::vector<Case>& small) {
  const auto parsed = fold_of(phrase);
  const auto& fold = *parsed.fold;
  const ops::ForceKernel force("reference");
  for (const auto& c : small) {
    SCOPED_TRACE(phrase + ", " + c.name);
    const auto x = leaves(make_inputs(c, torch::kDouble), torch::kDouble);
    const auto value = [&] { return probe(attention::attend(fold, "test", x)); };
    value().backward();
    const auto uses = fold.uses();
    for (const auto& [t, used] :
         {std::pair{x.q, uses.q}, std::pair{x.k, uses.k}, std::pair{x.v, uses.v}}) {
      ASSERT_EQ(t.grad().defined(), used);
      if (!used) continue;
      const auto expected =
          central_differences([&] { return value().template item<double>(); }, t.detach());
      EXPECT_LE(relative(t.grad(), expected), 1e-8);
    }
  }
}

inline std::vector<Case> small_cases(bool square) {
  std::vector<Case> all = {
      {"full", 5, 5, graph::full(), {}, 2, 2, 4},
      {"causal", 5, 5, graph::causal(), {}, 1, 1, 3},
      {"window, ragged", 6, 6, graph::window(2), {6, 0, 3}, 1, 1, 4},
  };
  if (!square) all.push_back({"causal, 2 queries of 5 keys", 2, 5, graph::causal(), {}, 1, 1, 4});
  return all;
}

}  // namespace regard::harness
