// A small problem with written-out numbers, made by formulas that any script can repeat.
#pragma once

#include "harness/agree.hpp"

namespace regard::harness {

/// n = t d + c: q = sin(0.7 n + 1), k = cos(1.3 n), v = sin(0.4 n^2 + 2), shape (1, 1, T, d).
inline Inputs golden_inputs(int64_t positions, int64_t width, const graph::Graph& graph) {
  const auto n = at::arange(positions * width, torch::kDouble).view({1, 1, positions, width});
  return attention::make_inputs((0.7 * n + 1).sin(), (1.3 * n).cos(), (0.4 * n * n + 2).sin(),
                                graph, "test");
}

/// The reference and every kernel that takes the problem give `expected`, row after row.
inline void golden(const std::string& phrase, bool causal, int64_t width,
                   const std::vector<double>& expected) {
  const auto parsed = fold_of(phrase);
  const auto positions = static_cast<int64_t>(expected.size()) / width;
  const auto x = golden_inputs(positions, width, parsed.graph->facts(causal));
  const auto known = at::tensor(expected, torch::kDouble).view({1, 1, positions, width});
  for (const auto dtype : {torch::kDouble, torch::kFloat}) {
    auto problem = attention::problem_of(x);
    problem.dtype = dtype;
    std::vector<std::string> names = {"reference"};
    for (const auto& kernel : parsed.fold->kernels()) {
      if (kernel.can(problem).ok) names.push_back(kernel.name);
    }
    for (const auto& name : names) {
      const auto y = run(*parsed.fold, x, dtype, name).y;
      EXPECT_LE(relative(y, known), dtype == torch::kDouble ? 1e-14 : 1e-6) << phrase << name;
    }
  }
}

}  // namespace regard::harness
