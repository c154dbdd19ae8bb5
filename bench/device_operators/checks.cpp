#include "checks.hpp"

#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/autograd.h>

#include <cstdio>

namespace regard::bench {
namespace {

Tally counted;
bool is_brief = false;

}  // namespace

void report(const std::string& what, double error, double limit) {
  ++counted.checks;
  const bool ok = error <= limit;  // false for NaN
  if (!ok) ++counted.failed;
  std::printf("%s %-78s %8.1e (%.0e)\n", ok ? "ok  " : "FAIL", what.c_str(), error, limit);
}

Tally tally() { return counted; }

void make_brief() { is_brief = true; }
bool brief() { return is_brief; }

std::vector<torch::ScalarType> types() {
  if (is_brief) return {torch::kFloat, torch::kBFloat16};
  return {torch::kFloat, torch::kHalf, torch::kBFloat16};
}

double distance(const torch::Tensor& came, const torch::Tensor& expected) {
  const double size = expected.norm().item<double>();
  const double off = (came.to(torch::kDouble).cpu() - expected).norm().item<double>();
  return size == 0 ? off : off / size;
}

double worst_distance(const Tensors& came, const Tensors& expected) {
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double e = distance(came[i], expected[i]);
    if (!(e <= worst)) worst = e;
  }
  return worst;
}

double limit_of(torch::ScalarType type) {
  return type == torch::kFloat ? 2e-5 : type == torch::kHalf ? 4e-3 : 3e-2;
}

void compare(const std::string& what, torch::Device device, torch::ScalarType type,
             const Tensors& inputs, const std::function<Tensors(const Tensors&)>& fast,
             const std::function<Tensors(const Tensors&)>& exact) {
  const auto run = [&](const auto& f, bool on_device) {
    Tensors leaves;
    for (const auto& x : inputs) {
      const auto rounded = x.to(type);
      leaves.push_back(
          (on_device ? rounded.to(device) : rounded.to(torch::kDouble)).requires_grad_());
    }
    auto out = f(leaves);
    Tensors weights;
    for (std::size_t i = 0; i < out.size(); ++i) {
      torch::manual_seed(40 + static_cast<int64_t>(i));
      weights.push_back(torch::randn(out[i].sizes(), torch::kDouble).to(type).to(out[i].options()));
    }
    auto gradients = torch::autograd::grad(out, leaves, weights);
    for (auto& y : out) y = y.detach();
    out.insert(out.end(), gradients.begin(), gradients.end());
    return out;
  };
  const auto expected = run(exact, false), came = run(fast, true);
  report(what + ", " + c10::toString(type), worst_distance(came, expected), limit_of(type));
}

}  // namespace regard::bench
