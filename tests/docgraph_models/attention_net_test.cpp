#include "regard/docgraph/models/attention_net.hpp"

#include <gtest/gtest.h>

#include "regard/base/error.hpp"

namespace regard::docgraph {
namespace {
using torch::Tensor;

TEST(AttentionNet, Has640898ParametersAtWidth384AndTwoClasses) {
  EXPECT_EQ(count_parameters(AttentionNet({}, 384, 2, 1)), 640898);
  EXPECT_EQ(count_parameters(AttentionNet({}, 384, 5, 1)), 640898 + 3 * 129);
}

TEST(AttentionNet, TheOrderOfSentencesChangesNoLogit) {
  at::manual_seed(3);
  for (const char* activation : {"softmax", "sigmoid"}) {
    AttentionNetSpec spec;
    spec.activation = activation;
    AttentionNet net(spec, 64, 3, 1);
    net.eval();
    const torch::NoGradGuard guard;
    const auto x = at::randn({2, 17, 64});
    const auto order = at::randperm(17);
    const auto lengths = at::tensor({17, 17}, torch::kLong);
    EXPECT_LE((net.forward(x, lengths) - net.forward(x.index_select(1, order), lengths))
                  .abs()
                  .max()
                  .item<double>(),
              1e-5);
  }
}

TEST(AttentionNet, PaddingChangesNothing) {
  at::manual_seed(4);
  AttentionNet net({}, 32, 2, 1);
  net.eval();
  const torch::NoGradGuard guard;
  const auto x = at::randn({1, 9, 32});
  const auto padded = at::cat({x, at::randn({1, 5, 32}) * 100}, 1);
  const auto alone = net.forward(x, at::tensor({9}, torch::kLong));
  const auto with = net.forward(padded, at::tensor({9}, torch::kLong));
  EXPECT_LE((alone - with).abs().max().item<double>(), 1e-5);
}

/// The equations of the header with plain tensor operations.
Tensor by_hand(AttentionNet& net, const Tensor& x) {
  std::map<std::string, Tensor> p;
  for (const auto& item : net.named_parameters()) p[item.key()] = item.value();
  const int64_t n = x.size(1), width = x.size(2), heads = 4, d = width / heads;
  const auto qkv =
      at::linear(x, p.at("attention.projection.qkv.weight"), p.at("attention.projection.qkv.bias"));
  const auto part = [&](int64_t which) {
    return qkv.narrow(2, which * width, width).view({x.size(0), n, heads, d}).transpose(1, 2);
  };
  const auto w = at::softmax(part(0).matmul(part(1).transpose(2, 3)) / std::sqrt(double(d)), -1);
  const auto o = at::linear(w.matmul(part(2)).transpose(1, 2).reshape({x.size(0), n, width}),
                            p.at("attention.out.weight"), p.at("attention.out.bias"));
  const auto hidden = at::linear(o.mean(1), p.at("hidden.weight"), p.at("hidden.bias")).relu();
  return at::linear(hidden, p.at("out.weight"), p.at("out.bias"));
}

TEST(AttentionNet, ValuesAndGradientsAreThoseOfTheEquationInFloat64) {
  at::manual_seed(5);
  AttentionNet net({}, 16, 3, 2);
  net.to(torch::kDouble);
  net.eval();
  const auto x = at::randn({2, 6, 16}, torch::kDouble);
  const auto weigh = at::randn({2, 3}, torch::kDouble);
  EXPECT_LE((net.forward(x, {}) - by_hand(net, x)).abs().max().item<double>(), 1e-12);
  (net.forward(x, {}) * weigh).sum().backward();
  std::vector<Tensor> ours;
  for (auto& p : net.parameters()) ours.push_back(p.grad().clone());
  // Against central differences of the equation.
  const torch::NoGradGuard guard;
  std::size_t at = 0;
  for (auto& p : net.parameters()) {
    auto flat = p.view({-1});
    for (const int64_t i : {int64_t{0}, p.numel() / 2, p.numel() - 1}) {
      constexpr double kStep = 1e-6;
      flat[i] += kStep;
      const auto up = (by_hand(net, x) * weigh).sum().item<double>();
      flat[i] -= 2 * kStep;
      const auto down = (by_hand(net, x) * weigh).sum().item<double>();
      flat[i] += kStep;
      EXPECT_NEAR((up - down) / (2 * kStep), ours[at].view({-1})[i].item<double>(), 1e-7);
    }
    ++at;
  }
}

TEST(AttentionNet, ItsPairsAreThoseOfItsOwnWeights) {
  at::manual_seed(6);
  for (const char* activation : {"softmax", "sigmoid"}) {
    AttentionNetSpec spec;
    spec.activation = activation;
    AttentionNet net(spec, 32, 2, 3);
    net.eval();
    const auto x = at::randn({1, 11, 32}) * 3;
    const torch::NoGradGuard guard;
    const auto m =
        net.attention().weights(attention::call_of(x, {})).values.mean(1)[0].to(torch::kDouble);
    const auto matrix = m.contiguous();
    for (const auto kind : {graph::BoundRule::Kind::kMean, graph::BoundRule::Kind::kMax}) {
      const graph::BoundRule rule{kind, .5};
      const auto pairs = net.pairs(x, {}, rule);
      const auto wanted = graph::kept_pairs(
          {matrix.data_ptr<double>(), static_cast<std::size_t>(11 * 11)}, 11, rule);
      ASSERT_EQ((pairs.queries < 11).sum().item<int64_t>(), static_cast<int64_t>(wanted.size()));
      for (std::size_t e = 0; e < wanted.size(); ++e) {
        const auto at = static_cast<int64_t>(e);
        EXPECT_EQ(pairs.queries[0][0][at].item<int64_t>(), wanted[e].query);
        EXPECT_EQ(pairs.keys[0][0][at].item<int64_t>(), wanted[e].key);
        EXPECT_NEAR(pairs.weights[0][0][at].item<double>(), wanted[e].weight, 1e-6);
      }
      EXPECT_LE((pairs.own[0] - m.diagonal()).abs().max().item<double>(), 1e-6);
    }
  }
}

TEST(AttentionNet, OptionsAreChecked) {
  AttentionNetSpec spec;
  spec.heads = 5;
  EXPECT_THROW(spec.check(256), InputError);
  spec.heads = 4;
  spec.dropout = 1;
  EXPECT_THROW(spec.check(256), InputError);
}

}  // namespace
}  // namespace regard::docgraph
