// agree: every kernel of a fold, forced, against the reference in float64, in value and gradient.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "harness/case.hpp"
#include "harness/edge_cases.hpp"
#include "regard/base/error.hpp"

namespace regard::harness {

/// What kernel and reference may differ by, beside the largest number: a few roundings of the type,
/// and for a score of size s another s roundings of the type of scores, since e^(s (1 + eps)) = e^s
/// (1 + s eps). bf16 is rounded on the way in and out; its scores and sums are fp32.
inline double tolerance(torch::ScalarType dtype, Content content) {
  if (dtype == torch::kBFloat16) return 4 * 0x1.0p-8;
  return (dtype == torch::kDouble ? 0x1.0p-52 : 0x1.0p-23) * (16 + largest_score(content));
}

struct Run {
  Tensor y;
  std::vector<Tensor> gradients;  // of q, k, v; undefined where the fold does not use it
};

/// y and the gradients of sum(y * weight) with `kernel` forced.
inline Run run(const attention::Fold& fold, const Inputs& given, torch::ScalarType dtype,
               const std::string& kernel) {
  const ops::ForceKernel force(kernel);
  const auto x = leaves(given, dtype);
  Run out;
  out.y = attention::attend(fold, "test", x);
  const auto weight = random(out.y.sizes(), 99);
  (out.y.to(torch::kDouble) * weight).sum().backward();
  out.gradients = {x.q.grad(), x.k.grad(), x.v.grad()};
  return out;
}

inline void expect_near(const Tensor& came, const Tensor& expected, double bound, double scale,
                        const char* what) {
  ASSERT_EQ(came.defined(), expected.defined()) << what;
  if (!came.defined()) return;
  ASSERT_EQ(came.sizes(), expected.sizes()) << what;
  EXPECT_TRUE(came.isfinite().all().item<bool>()) << what << " is not finite";
  EXPECT_LE(difference(came, expected, scale), bound) << what;
}

/// y beside its largest number; gradients beside the largest of all three, since one of them may
/// vanish (of q, where there is one key). They pass through more roundings than y.
inline void expect_near(const Run& came, const Run& expected, double bound) {
  expect_near(came.y, expected.y, bound, largest(expected.y), "y");
  double scale = 0;
  for (const auto& gradient : expected.gradients) scale = std::max(scale, largest(gradient));
  static const char* const names[] = {"gradient of q", "gradient of k", "gradient of v"};
  for (std::size_t i = 0; i < 3; ++i)
    expect_near(came.gradients[i], expected.gradients[i], 4 * bound, scale, names[i]);
}

/// Names of the kernels that take `x`, the reference among them.
inline std::vector<std::string> kernels_for(const attention::Fold& fold, const Inputs& x) {
  std::vector<std::string> names = {"reference"};
  for (const auto& kernel : fold.kernels()) {
    if (kernel.can(attention::problem_of(x)).ok) names.push_back(kernel.name);
  }
  return names;
}

/// The inputs of a case as it stands, and, with as many queries as keys, once more on edges.
inline std::vector<Inputs> inputs_of(const attention::Fold& fold, const Case& c,
                                     torch::ScalarType dtype) {
  std::vector<Inputs> out;
  if (fold.refusal(c.graph).empty()) out.push_back(make_inputs(c, dtype));
  if (c.queries != c.keys || c.queries == 0 || !c.graph.plain()) return out;
  auto edges = with_edges(c, 3, dtype);
  if (!fold.has_scores()) edges.edges.log_gate = Tensor();  // nothing that they could be added to
  if (fold.refusal(edges.graph).empty()) out.push_back(std::move(edges));
  return out;
}

/// Every kernel must take part in at least one case. `square`: as many queries as keys, for a fold
/// that compares a token with its own key.
inline void agree(const std::string& phrase, bool square = false) {
  const auto parsed = fold_of(phrase);
  const auto& fold = *parsed.fold;
  ASSERT_FALSE(fold.kernels().empty())
      << phrase << " has no kernel beside its reference, so agree would compare nothing";
  std::set<std::string> ran;
  for (const auto& c : cases()) {
    if (square && c.queries != c.keys) continue;
    if (c.bias && !fold.has_scores()) continue;
    if (parsed.fold_name == "off" && c.queries > c.keys) continue;  // refused: see off_test
    for (const auto dtype : {torch::kDouble, torch::kFloat, torch::kBFloat16}) {
      for (const auto& given : inputs_of(fold, c, dtype)) {
        const auto expected = run(fold, given, torch::kDouble, "reference");
        const double bound = tolerance(dtype, c.content);
        auto problem = attention::problem_of(given);
        problem.dtype = dtype;
        for (const auto& kernel : fold.kernels()) {
          if (!kernel.can(problem).ok) continue;
          SCOPED_TRACE(phrase + ", " + c.name + (given.graph.edges() ? " on edges" : "") + ", " +
                       c10::toString(dtype) + ", " + kernel.name);
          const auto came = run(fold, given, dtype, kernel.name);
          expect_near(came, expected, bound);
          ran.insert(kernel.name);
        }
      }
    }
  }
  for (const auto& kernel : fold.kernels()) {
    // A kernel of GPUs is checked there: bench/device_check.cpp.
    const auto why = kernel.can({.width = 4, .device = torch::kCPU, .graph = {}}).why;
    if (why.find("GPU") != std::string::npos) continue;
    EXPECT_TRUE(ran.contains(kernel.name)) << kernel.name << " took part in no case";
  }
}

}  // namespace regard::harness
