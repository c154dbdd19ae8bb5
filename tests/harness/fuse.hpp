// fuse: a fusion against the plain composition of its phrase, in value and gradient.
#pragma once

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <set>

#include "harness/case.hpp"
#include "regard/attention/self_attention.hpp"
#include "regard/nn/positions.hpp"

namespace regard::harness {

/// Rotary positions without a kernel for packed projections.
struct RotaryApart : attention::Positions {
  bool maps() const override { return true; }
  Tensor map(const Tensor& x, int64_t first) const override { return nn::rotate(x, first); }
};

/// A module in float64 with random weights.
inline std::shared_ptr<attention::SelfAttention> module_of(
    const std::string& phrase, const attention::SelfAttentionOptions& options,
    std::shared_ptr<attention::Positions> positions = nullptr) {
  auto made = std::make_shared<attention::SelfAttention>(attention::parse_phrase(phrase), options,
                                                         std::move(positions));
  made->to(torch::kDouble);
  const torch::NoGradGuard guard;
  int64_t seed = 40;
  for (auto& p : made->parameters()) p.copy_(random(p.sizes(), seed++) * 0.3);
  return made;
}

struct ValueAndGradients {
  Tensor y;
  std::vector<Tensor> gradients;  // of all parameters, then of x
};

inline ValueAndGradients value_and_gradients(attention::SelfAttention& m, const Tensor& x,
                                             const Tensor& lengths) {
  auto leaves = m.parameters();
  leaves.push_back(x);
  const auto y = m.forward(x, lengths);
  return {y, torch::autograd::grad({(y * random(y.sizes(), 9)).sum()}, leaves)};
}

inline void expect_same(const ValueAndGradients& came, const ValueAndGradients& expected) {
  EXPECT_LE(relative(came.y, expected.y), 1e-13);
  double scale = 0;
  for (const auto& g : expected.gradients) scale = std::max(scale, largest(g));
  for (std::size_t i = 0; i < expected.gradients.size(); ++i)
    EXPECT_LE(difference(came.gradients[i], expected.gradients[i], scale), 1e-13) << i;
}

using PositionList = std::vector<std::shared_ptr<attention::Positions>>;
inline PositionList without_and_with_rotary() {
  return {nullptr, std::make_shared<RotaryApart>(), nn::attention_positions("rotary", 1)};
}

/// Widths that are even and odd, causal or not, padded, with each kind of positions. The
/// composition is the module with the fold's reference forced. `phrases` must all be taken by the
/// fusion `name`.
inline void fuse(const std::string& name, const std::vector<std::string>& phrases,
                 const PositionList& kinds = without_and_with_rotary()) {
  for (const auto& phrase : phrases) {
    for (const auto& [width, heads] : {std::pair{16, 2}, {14, 2}, {12, 1}, {6, 6}}) {
      for (const bool causal : {false, true}) {
        for (const auto& positions : kinds) {
          for (const bool ragged : {false, true}) {
            SCOPED_TRACE(phrase + ", width " + std::to_string(width) + (causal ? ", causal" : "") +
                         (ragged ? ", ragged" : "") + (positions ? ", rotary" : ""));
            const auto m =
                module_of(phrase, {.width = width, .heads = heads, .causal = causal}, positions);
            const auto x = random({3, 11, width}, 3).requires_grad_();
            const auto lengths = ragged ? at::tensor({11, 4, 1}, torch::kLong) : Tensor();
            const auto came = value_and_gradients(*m, x, lengths);
            const auto ran = ops::kernels_that_ran();
            EXPECT_TRUE(std::find(ran.begin(), ran.end(), "fusion:" + name) != ran.end());
            const ops::ForceKernel force("reference");
            expect_same(came, value_and_gradients(*m, x, lengths));
          }
        }
      }
    }
  }
}

}  // namespace regard::harness
