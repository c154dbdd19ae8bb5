// laws: what holds for every fold whatever its equation: causality, equivariance, padding,
// streaming.
#pragma once

#include "harness/hidden.hpp"

namespace regard::harness {

/// Changing the tokens from `changed` on leaves the outputs before it bit-identical.
inline void no_leak(const std::string& phrase, torch::ScalarType dtype) {
  const auto parsed = fold_of(phrase);
  constexpr int64_t kPositions = 150, kChanged = 91;
  const auto base =
      leaves(make_inputs({"", kPositions, kPositions, parsed.graph->facts(true)}, dtype), dtype);
  auto other = leaves(base, dtype);
  const torch::NoGradGuard guard;
  for (auto* t : {&other.q, &other.k, &other.v}) t->slice(2, kChanged).mul_(-3).add_(1);
  for (const auto& kernel : kernels_for(*parsed.fold, base)) {
    SCOPED_TRACE(phrase + ", " + kernel + ", " + c10::toString(dtype));
    const ops::ForceKernel force(kernel);
    const auto y = attention::attend(*parsed.fold, "test", base);
    const auto z = attention::attend(*parsed.fold, "test", other);
    EXPECT_TRUE(at::equal(y.slice(2, 0, kChanged), z.slice(2, 0, kChanged)));
    EXPECT_FALSE(at::equal(y.slice(2, kChanged), z.slice(2, kChanged)));
  }
}

/// On the full graph, positions in another order give the outputs in that order.
inline void permutes_with_tokens(const std::string& phrase) {
  const auto parsed = fold_of(phrase);
  const auto x = make_inputs({"", 40, 40, graph::full()}, torch::kDouble);
  const auto order = random({40}, 5).argsort();
  auto shuffled = x;
  for (auto* t : {&shuffled.q, &shuffled.k, &shuffled.v}) *t = t->index_select(2, order);
  for (const auto& kernel : kernels_for(*parsed.fold, x)) {
    const ops::ForceKernel force(kernel);
    const auto y = attention::attend(*parsed.fold, "test", x).index_select(2, order);
    EXPECT_LE(relative(attention::attend(*parsed.fold, "test", shuffled), y), 1e-13) << kernel;
  }
}

/// Keys that a query may meet are a set: their order does not matter.
inline void keys_are_a_set(const std::string& phrase) {
  const auto parsed = fold_of(phrase);
  const auto x = make_inputs({"", 12, 40, graph::full()}, torch::kDouble);
  const auto order = random({40}, 5).argsort();
  auto shuffled = x;
  for (auto* t : {&shuffled.k, &shuffled.v}) *t = t->index_select(2, order);
  for (const auto& kernel : kernels_for(*parsed.fold, x)) {
    const ops::ForceKernel force(kernel);
    const auto y = attention::attend(*parsed.fold, "test", x);
    EXPECT_LE(relative(attention::attend(*parsed.fold, "test", shuffled), y), 1e-13) << kernel;
  }
}

/// More padding, with other garbage or NaN in it, changes nothing; padded rows are 0, and so are
/// their gradients.
inline void padding_is_nothing(const std::string& phrase, torch::ScalarType dtype, bool causal,
                               bool nan) {
  const auto parsed = fold_of(phrase);
  const std::vector<int64_t> lengths = {20, 0, 1, 13};
  const auto graph = parsed.graph->facts(causal);
  const auto longer = make_inputs({"", 45, 45, graph, lengths}, dtype);
  const auto valid = attention::valid_rows(longer.key_lengths, 45);
  auto tight = longer, garbage = longer;
  for (auto* t : {&tight.q, &tight.k, &tight.v}) *t = t->slice(2, 0, 20);
  tight.queries = 20;
  for (auto* t : {&garbage.q, &garbage.k, &garbage.v}) {
    *t = at::where(valid, *t, random(t->sizes(), 8) * 1e4);
    if (nan) t->masked_fill_(~valid, std::nan(""));
  }
  for (const auto& kernel : kernels_for(*parsed.fold, leaves(garbage, dtype))) {
    SCOPED_TRACE(phrase + ", " + kernel + ", " + c10::toString(dtype));
    const auto y = run(*parsed.fold, garbage, dtype, kernel);
    const auto x = leaves(tight, dtype);
    // A kernel for long sequences may leave the short one to another.
    const auto able = kernels_for(*parsed.fold, x);
    const bool same = std::find(able.begin(), able.end(), kernel) != able.end();
    const ops::ForceKernel force(same ? kernel : "reference");
    const auto small = attention::attend(*parsed.fold, "test", x);
    // The same weights as in `run`, row for row.
    const auto weight = random(y.y.sizes(), 99).slice(2, 0, 20);
    (small.to(torch::kDouble) * weight).sum().backward();
    const double bound = tolerance(dtype, Content::kNormal);
    expect_near(y.y.slice(2, 0, 20), small, bound, largest(small), "y");
    EXPECT_EQ(y.y.masked_select(~valid).abs().max().item<double>(), 0);
    std::size_t i = 0;
    for (const auto& t : {x.q, x.k, x.v}) {
      const auto& gradient = y.gradients[i++];
      if (!gradient.defined()) continue;
      expect_near(gradient.slice(2, 0, 20), t.grad(), 4 * bound, largest(t.grad()), "gradient");
      EXPECT_EQ(gradient.masked_select(~valid).abs().max().item<double>(), 0);
    }
  }
}

/// One position after another through the decoder equals the whole sequence at once.
inline void streams(const std::string& phrase, torch::ScalarType dtype) {
  SCOPED_TRACE(phrase + ", " + c10::toString(dtype));
  const auto parsed = fold_of(phrase);
  const auto graph = parsed.graph->facts(true);
  const torch::NoGradGuard guard;
  const bool grouped = parsed.fold->uses().q;
  const auto given = make_inputs({"", 30, 30, graph, {}, 2, grouped ? 1 : 2}, dtype);
  Tensor expected;
  {
    const ops::ForceKernel force("reference");
    expected = attention::attend(*parsed.fold, "test", given);
  }
  const auto decoder = parsed.fold->decoder(graph);
  std::vector<Tensor> rows;
  for (int64_t t = 0; t < 30; ++t) {
    const auto at = [&](const Tensor& x) { return x.narrow(2, t, 1).to(dtype); };
    rows.push_back(decoder->step(at(given.q), at(given.k), at(given.v), {}));
    ASSERT_EQ(rows.back().scalar_type(), dtype);
  }
  EXPECT_LE(relative(at::cat(rows, 2), expected), tolerance(dtype, Content::kNormal));
}

/// The laws that need nothing of the fold but its phrase.
inline void laws(const std::string& phrase) {
  for (const auto dtype : {torch::kDouble, torch::kFloat, torch::kBFloat16}) {
    for (const char* graph : {"full+", "window(width=4)+", "window(width=4,global=2)+"}) {
      no_leak(graph + phrase, dtype);
      streams(graph + phrase, dtype);
      for (const bool causal : {false, true}) {
        for (const bool nan : {false, true}) padding_is_nothing(graph + phrase, dtype, causal, nan);
      }
      hidden_is_nothing(graph + phrase, dtype, true);
      hidden_is_nothing(graph + phrase, dtype, false);
    }
  }
  for (const char* graph : {"full+", "causal+", "window(width=4)+"}) {
    nothing_gives_nothing(graph + phrase);
  }
  permutes_with_tokens(phrase);
}

}  // namespace regard::harness
