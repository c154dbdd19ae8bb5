// The dense mask of a phrase's graph against the predicate of graph/.
#pragma once

#include <gtest/gtest.h>

#include "harness/case.hpp"

namespace regard::harness {

/// graph_mask and dense_mask say what `allows` says, for equal and unequal numbers of queries and
/// keys.
inline void mask_is_predicate(const std::string& phrase) {
  for (const bool causal : {false, true}) {
    const auto graph = fold_of(phrase).graph->facts(causal);
    for (const auto& [queries, keys] : {std::pair{9, 9}, std::pair{4, 9}, std::pair{9, 4}}) {
      const graph::Extent extent{queries, keys};
      const auto mask = attention::graph_mask(graph, extent, torch::kCPU);
      const auto m = mask.accessor<bool, 2>();
      for (int64_t i = 0; i < queries; ++i) {
        for (int64_t j = 0; j < keys; ++j) {
          EXPECT_EQ(m[i][j], graph.allows(i, j, extent))
              << phrase << (causal ? ", causal, " : ", ") << i << " of " << queries << ", " << j
              << " of " << keys;
        }
      }
      const auto v = at::zeros({3, 1, keys, 2});
      auto x = attention::make_inputs(at::zeros({3, 1, queries, 2}), v, v, graph);
      EXPECT_TRUE(at::equal(attention::dense_mask(x)[0][0], mask));
      x.set_lengths(at::tensor({keys, 0, 2}, torch::kLong));
      const auto ragged = attention::dense_mask(x);
      EXPECT_TRUE(at::equal(ragged[0][0], mask));
      EXPECT_FALSE(ragged[1].any().item<bool>());
      EXPECT_FALSE(ragged[2].slice(2, 2).any().item<bool>());
      if (queries != keys) continue;
      EXPECT_FALSE(ragged[2].slice(1, 2).any().item<bool>());
      const auto counts = attention::allowed_keys(x, torch::kDouble).expand({3, 1, queries, 1});
      EXPECT_TRUE(at::equal(counts * ragged.any(-1, true), ragged.sum(-1, true, torch::kDouble)));
    }
  }
}

}  // namespace regard::harness
