// The product that ends a branch, with the residual sum, dropout and the norm after it, against
// float64.
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/rms_norm.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <string>
#include <vector>

#include "checks.hpp"
#include "regard/ops/block/add_norm.hpp"
#include "regard/ops/block/linear.hpp"

namespace regard::bench {
using torch::Tensor;

namespace {

enum class Weight { kKept, kCast, kMade };  // fp32, 16 bits, 16 bits made of an fp32 leaf

struct Case {
  int64_t length, width;
  bool centred;
  double p;
  Weight weight;

  std::string text() const {
    return "T " + std::to_string(length) + ", width " + std::to_string(width) +
           (centred ? "" : ", rms") + (p > 0 ? ", dropout" : "") +
           (weight == Weight::kKept   ? ", weight in fp32"
            : weight == Weight::kCast ? ""
                                      : ", weight made");
  }
};

/// What came of <g, x'> + <f, h>: x', h, and the gradients of the inputs.
Tensors with_gradients(const ops::Normed& out, const Tensors& inputs, const Tensors& given) {
  Tensors weights;
  for (const auto& g : given) weights.push_back(g.to(out.x.options()));
  auto all = torch::autograd::grad({out.x, out.h}, inputs, weights);
  all.insert(all.begin(), {out.x.detach(), out.h.detach()});
  return all;
}

/// Stream, rows, weight, bias, gamma, and beta where there is one.
ops::Normed exact(const Case& c, const Tensors& x, const ops::DropoutKey& key) {
  const auto sum = x[0] + ops::dropout(at::linear(x[1], x[2], x[3]), c.p, key);
  return {sum, c.centred ? at::layer_norm(sum, {c.width}, x[4], x[5], 1e-5)
                         : at::rms_norm(sum, {c.width}, x[4], 1e-5)};
}

struct Came {
  Tensors all;
  bool waited;
};

Came by_device(const Case& c, const Tensors& rounded, const Tensors& given, torch::Device device,
               torch::ScalarType type, const ops::DropoutKey& key) {
  Tensors leaves;
  for (std::size_t i = 0; i < rounded.size(); ++i) {
    const bool full = i > 2 || (i == 2 && c.weight != Weight::kCast);
    leaves.push_back(rounded[i].to(device, full ? torch::kFloat : type).requires_grad_());
  }
  const auto weight = c.weight == Weight::kMade ? leaves[2].to(type) : leaves[2];
  const auto branch = ops::linear_branch(leaves[1], weight, leaves[3]);
  const bool waited = branch.waiting() != nullptr;
  const auto out = ops::add_norm(
      leaves[0], branch, {leaves[4], c.centred ? leaves[5] : Tensor(), c.centred, 1e-5}, c.p, key);
  return {with_gradients(out, leaves, given), waited};
}

void check(const Case& c, torch::Device device, torch::ScalarType type) {
  torch::manual_seed(12);
  const int64_t batch = 2, width = c.width;
  const std::vector<int64_t> sizes = {batch, c.length, width};
  Tensors inputs = {torch::randn(sizes), torch::randn(sizes),
                    torch::randn({width, width}) / std::sqrt(static_cast<double>(width)),
                    torch::randn({width}), torch::randn({width})};
  if (c.centred) inputs.push_back(torch::randn({width}));
  const Tensors given = {torch::randn(sizes).to(type), torch::randn(sizes).to(type)};
  const auto step = torch::full({}, 7, torch::kLong);
  Tensors rounded, leaves;
  for (const auto& x : inputs) {
    rounded.push_back(x.to(type));
    leaves.push_back(rounded.back().to(torch::kDouble).requires_grad_());
  }
  const auto expected = with_gradients(exact(c, leaves, {11, step, 3}), leaves, given);
  const ops::DropoutKey key{11, step.to(device), 3};
  const auto came = by_device(c, rounded, given, device, type, key),
             again = by_device(c, rounded, given, device, type, key);
  double between = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!torch::equal(came.all[i], again.all[i])) between = 1;
  }
  const auto what = "product and norm " + std::string(came.waited ? "at once, " : "apart, ") +
                    c.text() + ", " + c10::toString(type);
  report(what, worst_distance(came.all, expected), limit_of(type));
  report(what + ", twice", between, 0);
}

}  // namespace

void check_product_norm(torch::Device device) {
  // 2 x 10,000 rows are still more tiles than multiprocessors, so that a block takes a second one.
  const int64_t most = brief() ? 10000 : 20000;
  for (const auto type : {torch::kHalf, torch::kBFloat16}) {
    if (brief() && type == torch::kHalf) continue;
    for (const int64_t length : {int64_t{1}, int64_t{77}, most}) {
      for (const auto weight : {Weight::kKept, Weight::kCast, Weight::kMade}) {
        check({length, 256, true, 0, weight}, device, type);
      }
      check({length, 256, true, 0.3, Weight::kKept}, device, type);
      check({length, 256, false, 0.3, Weight::kMade}, device, type);
      check({length, 256, false, 0, Weight::kKept}, device, type);
    }
    check({77, 192, true, 0.3, Weight::kKept}, device, type);  // no kernel of its own
  }
}

}  // namespace regard::bench
