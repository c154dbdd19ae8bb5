#include "regard/attention/folds/additive.hpp"

#include <gtest/gtest.h>

#include "harness/agree.hpp"
#include "harness/edge_cases.hpp"
#include "harness/grad.hpp"

namespace regard::attention::folds {
namespace {
using harness::message;
using torch::Tensor;

Inputs with_parameters(Inputs x, const Fold& fold) {
  const auto specs = fold.parameters({.heads = x.heads, .head_width = x.v.size(3)});
  int64_t seed = 50;
  for (const auto& spec : specs) {
    x.parameters.push_back(
        harness::random(spec.shape, seed++).to(x.v.scalar_type()).requires_grad_());
  }
  return x;
}

// e^s / sum e^s over the keys of each query, written out.
Tensor by_hand(const Inputs& x, const std::string& form, const Tensor& mask) {
  auto y = at::zeros_like(x.q);
  for (int64_t b = 0; b < x.q.size(0); ++b) {
    for (int64_t h = 0; h < x.heads; ++h) {
      for (int64_t i = 0; i < x.queries; ++i) {
        double total = 0;
        auto sum = at::zeros({x.v.size(3)}, torch::kDouble);
        for (int64_t j = 0; j < x.keys(); ++j) {
          if (!mask[b % mask.size(0)][h % mask.size(1)][i][j].item<bool>()) continue;
          const auto q = x.q[b][h][i], k = x.k[b][h][j];
          const auto leaky = [](const Tensor& s) { return at::where(s > 0, s, 0.2 * s); };
          const auto score =
              form == "gat" ? leaky((x.parameters[0][h] * q).sum() + (x.parameters[1][h] * k).sum())
                            : (x.parameters[0][h] * leaky(q + k)).sum();
          const double weight = std::exp(score.item<double>());
          total += weight;
          sum += weight * x.v[b][h][j];
        }
        if (total > 0) y[b][h][i] = sum / total;
      }
    }
  }
  return y;
}

TEST(Additive, IsItsEquation) {
  const torch::NoGradGuard guard;
  for (const char* form : {"gat", "gatv2"}) {
    const auto parsed = harness::fold_of(std::string("additive(form=") + form + ")");
    auto x = harness::with_edges({"", 7, 7, graph::full(), {}, 2, 2, 4}, 3);
    x.edges.log_gate = Tensor();
    x = with_parameters(x, *parsed.fold);
    const auto mask = edge_mask(x.edges, {7, 7}, 2);
    const auto expected = by_hand(x, form, mask);
    EXPECT_LE(harness::relative(parsed.fold->reference(x, mask), expected), 1e-13) << form;
    const ops::ForceKernel force("edges");
    EXPECT_LE(harness::relative(attend(*parsed.fold, "test", x), expected), 1e-13) << form;
  }
}

TEST(Additive, KernelIsItsReferenceInValueAndGradient) {
  for (const char* phrase : {"additive", "additive(form=gatv2)", "additive(slope=0)"}) {
    for (const auto type : {torch::kDouble, torch::kFloat, torch::kBFloat16}) {
      SCOPED_TRACE(std::string(phrase) + ", " + c10::toString(type));
      const auto parsed = harness::fold_of(phrase);
      const auto run = [&](const char* kernel, torch::ScalarType dtype) {
        const ops::ForceKernel force(kernel);
        auto x = harness::leaves(
            harness::with_edges({"", 30, 30, graph::full(), {30, 17, 0}}, 4, type), dtype);
        x = with_parameters(x, *parsed.fold);
        const auto y = attend(*parsed.fold, "test", x);
        (y.to(torch::kDouble) * harness::random(y.sizes(), 99)).sum().backward();
        return std::vector<Tensor>{y, x.q.grad(), x.k.grad(), x.v.grad(), x.parameters[0].grad()};
      };
      const auto expected = run("reference", torch::kDouble), came = run("edges", type);
      const double bound = harness::tolerance(type, harness::Content::kNormal);
      for (std::size_t i = 0; i < came.size(); ++i) {
        EXPECT_LE(harness::relative(came[i], expected[i]), i == 4 ? 16 * bound : 4 * bound) << i;
      }
    }
  }
}

TEST(Additive, GradientIsThatOfDifferences) {
  for (const char* phrase : {"additive", "additive(form=gatv2)"}) {
    const auto parsed = harness::fold_of(phrase);
    auto x = harness::leaves(harness::with_edges({"", 5, 5, graph::full(), {}, 2, 2, 3}, 2),
                             torch::kDouble);
    x = with_parameters(x, *parsed.fold);
    const auto value = [&] { return harness::probe(attend(*parsed.fold, "test", x)); };
    value().backward();
    for (const auto& t : {x.q, x.k, x.v, x.parameters[0]}) {
      const auto expected =
          harness::central_differences([&] { return value().item<double>(); }, t.detach());
      EXPECT_LE(harness::relative(t.grad(), expected), 1e-8) << phrase;
    }
  }
}

TEST(Additive, WorksOnTheFullGraphAndWithAScoreBias) {
  const auto parsed = harness::fold_of("additive");
  auto x = harness::make_inputs(
      {"", 6, 6, graph::causal(), {}, 2, 2, 4, harness::Content::kNormal, true}, torch::kDouble);
  x = with_parameters(x, *parsed.fold);
  const auto y = attend(*parsed.fold, "test", x);
  EXPECT_TRUE(at::allclose(y.select(2, 0), x.v.select(2, 0)));
  EXPECT_EQ(parsed.canonical, "additive");
  EXPECT_EQ(count_parameters(parsed.fold->parameters({.heads = 8, .head_width = 8})), 128);
}

TEST(Additive, RefusesASlopeThatIsNone) {
  EXPECT_EQ(message([] { parse_phrase("additive(slope=1)"); }),
            "phrase \"additive(slope=1)\", additive: slope in [0, 1) was expected, and 1 came");
}

}  // namespace
}  // namespace regard::attention::folds
