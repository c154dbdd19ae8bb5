// A branch whose product waits: made once, as part of the graph where it began, with the numbers of
// the product.
#include "regard/ops/block/branch.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "regard/ops/block/add_norm.hpp"

namespace regard::ops {
namespace {

using torch::Tensor;

struct Parts {
  Tensor stream = at::randn({2, 5, 8}, torch::kDouble), x = at::randn({2, 5, 8}, torch::kDouble),
         weight = at::randn({8, 8}, torch::kDouble).requires_grad_(),
         bias = at::randn({8}, torch::kDouble), gamma = at::randn({8}, torch::kDouble);
};

TEST(Branch, ProductIsMadeOnceForAllCopies) {
  const Parts p;
  const Branch branch{WaitingProduct{p.x, p.weight}, p.bias}, copy = branch;
  EXPECT_TRUE(branch.defined() && branch.scalar_type() == torch::kDouble);
  ASSERT_NE(branch.waiting(), nullptr);
  EXPECT_TRUE(branch.waiting()->weight.is_same(p.weight));
  const auto value = copy.value();
  EXPECT_TRUE(value.is_same(branch.value()));
  EXPECT_EQ(branch.waiting(), nullptr);
  EXPECT_TRUE(value.equal(at::linear(p.x, p.weight)));
  EXPECT_TRUE(branch.sum().equal(at::linear(p.x, p.weight) + p.bias));
}

TEST(Branch, ProductBelongsToTheGraphWhereItBegan) {
  const Parts p;
  const Branch tracked{WaitingProduct{p.x, p.weight}, {}};
  {
    const at::NoGradGuard off;
    EXPECT_EQ(tracked.waiting(), nullptr);
    EXPECT_TRUE(tracked.value().requires_grad());
  }
  Branch untracked;
  EXPECT_FALSE(untracked.defined());
  {
    const at::NoGradGuard off;
    untracked = {WaitingProduct{p.x, p.weight}, {}};
    EXPECT_NE(untracked.waiting(), nullptr);
  }
  EXPECT_EQ(untracked.waiting(), nullptr);
  EXPECT_FALSE(untracked.value().requires_grad());
}

TEST(Branch, SumAndNormOfAWaitingProductAreThoseOfItsValue) {
  const Parts p;
  const NormParameters norm{p.gamma, {}, false, 1e-5};
  const auto run = [&](const Branch& branch) {
    const auto out = add_norm(p.stream, branch, norm, 0.3, {3, {}, 2});
    auto all = torch::autograd::grad({out.x, out.h}, {p.weight}, {p.x, p.stream});
    all.insert(all.end(), {out.x, out.h});
    return all;
  };
  const auto waited = run({WaitingProduct{p.x, p.weight}, p.bias}),
             made = run({at::linear(p.x, p.weight), p.bias});
  for (std::size_t i = 0; i < made.size(); ++i) EXPECT_TRUE(waited[i].allclose(made[i], 1e-12));
}

}  // namespace
}  // namespace regard::ops
