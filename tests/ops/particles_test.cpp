// The velocity of particles is one call of attention: fold softmax on k = v = x, q = beta sqrt(d)
// x, projected.
#include "regard/ops/attention/particles.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "regard/attention/inputs.hpp"
#include "regard/attention/phrase.hpp"

namespace regard::ops {
namespace {

torch::Tensor points(int64_t n, int64_t d, torch::ScalarType type = torch::kDouble) {
  torch::manual_seed(n + d);
  const auto x = torch::randn({n, d}, torch::kDouble);
  return (x / x.norm(2, 1, true)).to(type);
}

TEST(ParticleVelocity, IsTheFoldSoftmaxProjected) {
  const auto phrase = attention::parse_phrase("softmax");
  for (const int64_t d : {2, 3, 8, 20}) {
    for (const double beta : {0.0, 4.0, 25.0}) {
      const auto x = points(33, d);
      const auto rows = x.view({1, 1, 33, d});
      const auto q = rows * (beta * std::sqrt(static_cast<double>(d)));
      const auto inputs = attention::make_inputs(q, rows, rows, phrase.graph->facts(false));
      const auto y = attention::attend(*phrase.fold, phrase.fold_name, inputs).view({33, d});
      const auto expected = y - (y * x).sum(-1, true) * x;
      const auto v = particle_velocity(x, std::nullopt, beta, "sa");
      EXPECT_LE((v - expected).abs().max().item<double>(), 1e-13) << d << " " << beta;
    }
  }
}

TEST(ParticleVelocity, KernelAndPlainFormAgree) {
  for (const bool normalised : {true, false}) {
    const auto x = points(70, 3);
    const auto w = torch::rand({70}, torch::kDouble) + 0.1;
    const auto plain = plain_particle_velocity(x, w / w.sum(), 9, normalised);
    const auto model = normalised ? "sa" : "usa";
    EXPECT_LE((particle_velocity(x, w, 9, model) - plain).abs().max().item<double>(), 1e-14);
    const auto single = particle_velocity(x.to(torch::kFloat), w.to(torch::kFloat), 9, model);
    EXPECT_LE((single.to(torch::kDouble) - plain).abs().max().item<double>(), 3e-6);
  }
}

TEST(ParticleVelocity, HasAGradientInPointsAndWeights) {
  const auto x = points(6, 3).requires_grad_();
  const auto w = (torch::rand({6}, torch::kDouble) + 0.1).requires_grad_();
  const auto side = points(6, 3);
  (particle_velocity(x, w, 3, "sa") * side).sum().backward();
  torch::NoGradGuard none;
  const double h = 1e-6;
  for (const auto& [leaf, at] : {std::pair{x, 4}, {w, 2}}) {
    const auto flat = leaf.view({-1});
    const auto value = [&, at = at](double by) {
      flat[at] += by;
      const auto sum =
          (plain_particle_velocity(x, w / w.sum(), 3, true) * side).sum().item<double>();
      flat[at] -= by;
      return sum;
    };
    const double slope = (value(h) - value(-h)) / (2 * h);
    EXPECT_NEAR(leaf.grad().view({-1})[at].item<double>(), slope, 1e-8);
  }
}

TEST(ParticleVelocity, RefusesWhatHasNoMeaning) {
  const auto x = points(4, 3);
  EXPECT_THROW(particle_velocity(x, std::nullopt, 4, "softmax"), c10::Error);
  EXPECT_THROW(particle_velocity(x, std::nullopt, -1, "sa"), c10::Error);
  EXPECT_THROW(particle_velocity(x, torch::ones({3}), 4, "sa"), c10::Error);
  EXPECT_THROW(particle_velocity(x[0], std::nullopt, 4, "sa"), c10::Error);
  EXPECT_EQ(particle_velocity(x.slice(0, 0, 0), std::nullopt, 4, "sa").size(0), 0);
}

}  // namespace
}  // namespace regard::ops
