#include "regard/attention/projections/separate.hpp"

#include <gtest/gtest.h>

#include "harness/case.hpp"
#include "regard/attention/fourier.hpp"

namespace regard::attention::projections {
namespace {
using torch::Tensor;

std::shared_ptr<ProjectionModule> build(Uses uses, bool bias = true, int64_t d = 5) {
  auto module = Separate().build(
      {.model_width = 12, .heads = 3, .head_width = d, .uses = uses, .bias = bias});
  module->to(torch::kDouble);
  return module;
}

int64_t count(torch::nn::Module& module) {
  int64_t n = 0;
  for (const auto& p : module.parameters()) n += p.numel();
  return n;
}

TEST(Separate, MakesWhatTheFoldReadsAndNothingElse) {
  const auto all = build({});
  const auto x = harness::random({2, 7, 12}, 1);
  const auto weight = all->named_parameters()["qkv.weight"],
             bias = all->named_parameters()["qkv.bias"];
  const auto [q, k, v, packed] = all->forward(x, {});
  int64_t row = 0;
  for (const auto& part : std::initializer_list<torch::Tensor>{q, k, v}) {
    // Head j owns outputs [5 j, 5 j + 5) of its matrix.
    const auto expected = (at::matmul(x, weight.narrow(0, row, 15).t()) + bias.narrow(0, row, 15))
                              .view({2, 7, 3, 5})
                              .transpose(1, 2);
    EXPECT_LE(harness::relative(part, expected), 1e-14);
    row += 15;
  }
  EXPECT_EQ(count(*all), 3 * (12 * 15 + 15));
  EXPECT_EQ(count(*build({}, false)), 3 * 12 * 15);

  const auto values = build({.q = false, .k = false, .v = true});
  EXPECT_EQ(count(*values), 12 * 15 + 15);
  const auto only = values->forward(x, {});
  EXPECT_FALSE(only.q.defined() || only.k.defined());
  EXPECT_EQ(only.v.sizes(), (std::vector<int64_t>{2, 3, 7, 5}));
}

TEST(Separate, ABasisInTheWeightsIsABasisOnTheResult) {
  for (const int64_t d : {4, 5}) {
    for (const bool bias : {true, false}) {
      const auto module = build({}, bias, d);
      const auto x = harness::random({2, 7, 12}, 1);
      const auto u = fourier_basis(d);
      const auto plain = module->forward(x, {}), folded = module->forward(x, {.basis = u});
      EXPECT_LE(harness::relative(folded.q, at::matmul(plain.q, u)), 1e-14);
      EXPECT_LE(harness::relative(folded.k, at::matmul(plain.k, u)), 1e-14);
      EXPECT_LE(harness::relative(folded.v, at::matmul(plain.v, u)), 1e-14);
    }
  }
}

}  // namespace
}  // namespace regard::attention::projections
