// Weights made ready together, and products by other algorithms: both have to give the bits of the
// plain way.
#include <ATen/ops/equal.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>

#include "checks.hpp"
#include "regard/attention/fourier.hpp"
#include "regard/ops/block/linear.hpp"
#include "regard/ops/block/product.hpp"
#include "regard/ops/block/weight_plan.hpp"
#include "regard/train/autocast.hpp"

namespace regard::bench {
using torch::Tensor;

namespace {

struct Layers {
  Tensor qkv, bias, out, up, basis;
};

Layers make_layers(torch::Device device) {
  torch::manual_seed(9);
  const auto leaf = [&](at::IntArrayRef sizes) {
    return torch::randn(sizes).to(device).requires_grad_();
  };
  return {leaf({192, 64}), leaf({192}), leaf({64, 64}), leaf({100, 64}),
          attention::fourier_basis(16).to(torch::dtype(torch::kFloat).device(device))};
}

/// A pass through two layers in a basis and one without, in bf16, and the gradients of all weights.
Tensors pass(const Layers& layers, const Tensor& x) {
  const auto first = ops::change_basis({layers.qkv, layers.bias}, layers.basis);
  const auto y = ops::linear(x, first.weight, first.bias).narrow(-1, 64, 64);
  const auto out = ops::change_basis(layers.out, layers.basis, ops::BasisSide::kColumns);
  const auto z = ops::linear(ops::linear(y, out, Tensor()), layers.up, Tensor());
  auto all = torch::autograd::grad({z.to(torch::kFloat).square().sum()},
                                   {layers.qkv, layers.bias, layers.out, layers.up});
  all.push_back(z.detach());
  return all;
}

double differs(const Tensors& came, const Tensors& expected) {
  for (std::size_t i = 0; i < came.size(); ++i) {
    if (!torch::equal(came[i], expected[i])) return 1;
  }
  return 0;
}

}  // namespace

void check_weights(torch::Device device) {
  const auto layers = make_layers(device);
  const auto x = torch::randn({3, 11, 64}).to(device);
  const train::AutocastScope autocast(device.type(), true);
  const auto expected = pass(layers, x);
  ops::WeightPlan plan;
  for (const auto* what : {"one by one, and noted", "together", "together again"}) {
    const ops::WeightScope scope(plan);
    report("weights " + std::string(what), differs(pass(layers, x), expected), 0);
  }
  report("weights noted: three", plan.requests().size() == 3 ? 0 : 1, 0);
}

void check_products(torch::Device device) {
  torch::manual_seed(10);
  const auto matrix = [&](at::IntArrayRef sizes) {
    return torch::randn(sizes).to(torch::dtype(torch::kBFloat16).device(device));
  };
  const auto a = matrix({65536, 256}), b = matrix({512, 256}), c = matrix({256, 512});
  const auto transposed = at::mm(a, b.t()), plain = at::mm(a, c);
  for (int turn = 1; turn <= 3;
       ++turn) {  // the second tries the algorithms, the third takes the choice
    const auto name = "product 65536 x 512 x 256, turn " + std::to_string(turn);
    report(name + ", transposed", differs({ops::product_transposed(a, b, Tensor())}, {transposed}),
           0);
    report(name, differs({ops::product(a, c)}, {plain}), 0);
  }
}

}  // namespace regard::bench
