// hidden: what a query may not meet, and what is not there at all, influences nothing.
#pragma once

#include "harness/agree.hpp"

namespace regard::harness {

/// Whether PyTorch's product of this type keeps its rows apart. On CPUs with AMX that of bfloat16
/// (2.11) lets a row that is not finite reach the row before it.
inline bool products_keep_rows_apart(torch::ScalarType dtype) {
  constexpr int64_t kSize = 90, kFirst = 61;
  auto a = at::ones({1, 1, kSize, kSize}).tril().to(dtype);
  auto v = at::ones({1, 1, kSize, 8}).to(dtype);
  a.slice(2, kFirst).fill_(std::nan(""));
  v.slice(2, kFirst).fill_(1e30);
  return at::isfinite(at::matmul(a, v).slice(2, 0, kFirst)).all().item<bool>();
}

/// What a query may not meet influences nothing, whatever it holds: from `changed` on q, k and v
/// hold `junk`, and the rows that cannot see it, and their gradients, stay as they were.
inline void hidden_is_nothing(const std::string& phrase, torch::ScalarType dtype, bool causal) {
  const auto parsed = fold_of(phrase);
  constexpr int64_t kPositions = 90, kChanged = 61;
  const auto graph = parsed.graph->facts(causal);
  const auto base = make_inputs({"", kPositions, kPositions, graph}, dtype);
  auto sees =
      attention::graph_mask(graph, {kPositions, kPositions}, torch::kCPU).to(torch::kDouble);
  if (parsed.fold->reach() == attention::Reach::kKeysOfKeys) sees = at::matmul(sees, sees);
  const auto clean = (sees.slice(1, kChanged) > 0)
                         .any(1)
                         .logical_not()
                         .to(torch::kDouble)
                         .view({1, 1, kPositions, 1});
  if (clean.sum().item<double>() == 0) return;
  for (const double junk : {std::nan(""), -double(INFINITY), 1e30}) {
    auto other = base;
    for (auto* t : {&other.q, &other.k, &other.v}) {
      *t = t->clone();
      t->slice(2, kChanged).fill_(junk);
    }
    const auto rows_alone = [&](const Inputs& given, const std::string& kernel) {
      const ops::ForceKernel force(kernel);
      const auto x = leaves(given, dtype);
      Run out;
      out.y = attention::attend(*parsed.fold, "test", x).masked_fill(clean == 0, 0.0);
      (out.y.to(torch::kDouble) * random(out.y.sizes(), 99)).sum().backward();
      for (const auto& t : {x.q, x.k, x.v}) {
        out.gradients.push_back(t.grad().defined() ? t.grad().slice(2, 0, kChanged) : Tensor());
      }
      return out;
    };
    for (const auto& kernel : kernels_for(*parsed.fold, leaves(base, dtype))) {
      // Scores of 1e30 overflow, and the reference is a plain product.
      if (junk == 1e30 && kernel == "reference" && !products_keep_rows_apart(dtype)) continue;
      SCOPED_TRACE(phrase + (causal ? ", causal, " : ", ") + kernel + ", " + c10::toString(dtype) +
                   ", " + std::to_string(junk));
      const auto expected = rows_alone(base, kernel), came = rows_alone(other, kernel);
      EXPECT_TRUE(at::equal(came.y, expected.y))
          << (came.y != expected.y).sum().item<int64_t>() << " numbers differ";
      if (junk == 1e30) continue;  // squares leave the range in gradients of rows that may meet it
      for (std::size_t i = 0; i < 3; ++i) {
        if (!came.gradients[i].defined()) continue;
        const auto same = at::allclose(came.gradients[i], expected.gradients[i], 1e-5, 1e-7);
        EXPECT_TRUE(same) << "gradient of "
                          << "qkv"[i];
      }
    }
  }
}

/// Sizes of 0: no numbers, or rows without keys, which are 0, with gradients of 0.
inline void nothing_gives_nothing(const std::string& phrase) {
  const auto parsed = fold_of(phrase);
  struct Sizes {
    int64_t batch, heads, groups, queries, keys, width;
  };
  for (const auto& s : {Sizes{0, 2, 2, 5, 5, 4}, Sizes{2, 2, 2, 0, 0, 4}, Sizes{2, 0, 0, 5, 5, 4},
                        Sizes{2, 0, 2, 5, 5, 4}, Sizes{2, 2, 1, 5, 0, 4}, Sizes{2, 2, 2, 0, 5, 4},
                        Sizes{2, 2, 2, 5, 5, 0}, Sizes{0, 0, 0, 0, 0, 0}}) {
    for (const bool causal : {false, true}) {
      const auto graph = parsed.graph->facts(causal);
      if (!parsed.fold->refusal(graph).empty()) continue;
      const auto zeros = [](at::IntArrayRef shape) { return at::zeros(shape, torch::kDouble); };
      const auto kv = zeros({s.batch, s.groups, s.keys, s.width});
      const auto x = leaves(attention::make_inputs(zeros({s.batch, s.heads, s.queries, s.width}),
                                                   kv, kv, graph, "test"),
                            torch::kFloat);
      const auto y = attention::attend(*parsed.fold, "test", x);
      EXPECT_EQ(y.sizes(), x.q.sizes()) << phrase;
      EXPECT_EQ(largest(y), 0) << phrase;
      y.sum().backward();
      for (const auto& t : {x.q, x.k, x.v}) EXPECT_EQ(largest(t.grad()), 0) << phrase;
    }
  }
}

}  // namespace regard::harness
