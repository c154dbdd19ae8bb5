// The CUDA kernels of residual sum, dropout and norm, run on the CPU, against double and finite
// differences.
#define REGARD_EMULATE_CUDA
#include <gtest/gtest.h>

#include "emulated/values.hpp"
#include "regard/kernels/cuda/add_norm.cu"

namespace regard::kernels::cuda {
namespace {

using testing::factor;
using testing::floats;
using testing::normal;
using testing::Values;

struct Case {
  int64_t rows, width;
  bool centred;
  double p;
};

struct Exact {
  Values sum, h;
};

Exact exact(const Case& c, const Values& x, const Values& branch, const Values& bias,
            const Values& gamma, const Values& beta, int64_t step) {
  Exact out{Values(x.size()), Values(x.size())};
  for (int64_t row = 0; row < c.rows; ++row) {
    double mean = 0, square = 0;
    for (int64_t i = row * c.width; i < (row + 1) * c.width; ++i) {
      out.sum[i] =
          x[i] + (c.p > 0 ? factor(c.p, 3, step, 5, i) : 1) * (branch[i] + bias[i % c.width]);
      mean += out.sum[i] / static_cast<double>(c.width);
    }
    if (!c.centred) mean = 0;
    for (int64_t i = row * c.width; i < (row + 1) * c.width; ++i) {
      square += (out.sum[i] - mean) * (out.sum[i] - mean) / static_cast<double>(c.width);
    }
    for (int64_t i = 0; i < c.width; ++i) {
      out.h[row * c.width + i] =
          (out.sum[row * c.width + i] - mean) / std::sqrt(square + 1e-5) * gamma[i] +
          (c.centred ? beta[i] : 0);
    }
  }
  return out;
}

double dot(const Values& x, const Values& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

class EmulatedAddNorm : public ::testing::TestWithParam<Case> {};

TEST_P(EmulatedAddNorm, ValuesAndGradientsByDifferences) {
  const Case c = GetParam();
  const int64_t count = c.rows * c.width, step = 7;
  const auto x = normal(count, 1), branch = normal(count, 2), gamma = normal(c.width, 3),
             beta = normal(c.width, 4), g_sum = normal(count, 5), g_h = normal(count, 6),
             bias = normal(c.width, 7);
  AddNormProblem problem{
      c.rows, static_cast<int>(c.width), Storage::kFloat, Storage::kFloat, c.centred, 1e-5f, {}};
  if (c.p > 0) problem.draw = make_draw(c.p, 3, &step, 5);
  auto xf = floats(x), bf = floats(branch), gf = floats(gamma), betaf = floats(beta),
       biasf = floats(bias);
  std::vector<float> sum(count, NAN), h(count, NAN), stats(2 * c.rows, NAN);
  ASSERT_EQ(add_norm_forward(problem, xf.data(), bf.data(), biasf.data(), gf.data(),
                             c.centred ? betaf.data() : nullptr, sum.data(), h.data(), stats.data(),
                             nullptr),
            0);
  const auto expected = exact(c, x, branch, bias, gamma, beta, step);
  for (int64_t i = 0; i < count; ++i) {
    ASSERT_NEAR(sum[i], expected.sum[i], 1e-5) << i;
    ASSERT_NEAR(h[i], expected.h[i], 3e-5) << i;
  }

  std::vector<float> dx(count, NAN), dbranch(count, NAN), dgamma(c.width, NAN), dbeta(c.width, NAN),
      dbias(c.width, NAN), scratch(add_norm_blocks(problem) * 3 * c.width, NAN);
  const auto g_sum_f = floats(g_sum), g_h_f = floats(g_h);
  ASSERT_EQ(
      add_norm_backward(problem, sum.data(), stats.data(), gf.data(), g_sum_f.data(), g_h_f.data(),
                        dx.data(), dbranch.data(), dgamma.data(),
                        c.centred ? dbeta.data() : nullptr, dbias.data(), scratch.data(), nullptr),
      0);
  // Along random directions: the gradient against central differences of <g, outputs>.
  const auto value = [&](const Values& x_, const Values& b_, const Values& bias_,
                         const Values& gamma_, const Values& beta_) {
    const auto out = exact(c, x_, b_, bias_, gamma_, beta_, step);
    return dot(g_sum, out.sum) + dot(g_h, out.h);
  };
  const auto along = [&](const Values& at, const std::vector<float>& gradient, const auto& f) {
    for (int seed = 10; seed < 13; ++seed) {
      const auto direction = normal(static_cast<int64_t>(at.size()), seed);
      const auto moved = [&](double by) {
        auto to = at;
        for (std::size_t i = 0; i < to.size(); ++i) to[i] += by * direction[i];
        return f(to);
      };
      const double numeric = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      double came = 0, size = 0;
      for (std::size_t i = 0; i < at.size(); ++i) {
        came += gradient[i] * direction[i];
        size += gradient[i] * gradient[i];
      }
      EXPECT_NEAR(came, numeric, 2e-5 * std::sqrt(size) + 1e-5);
    }
  };
  along(x, dx, [&](const Values& to) { return value(to, branch, bias, gamma, beta); });
  along(branch, dbranch, [&](const Values& to) { return value(x, to, bias, gamma, beta); });
  along(bias, dbias, [&](const Values& to) { return value(x, branch, to, gamma, beta); });
  along(gamma, dgamma, [&](const Values& to) { return value(x, branch, bias, to, beta); });
  if (c.centred)
    along(beta, dbeta, [&](const Values& to) { return value(x, branch, bias, gamma, to); });
}

INSTANTIATE_TEST_SUITE_P(Shapes, EmulatedAddNorm,
                         ::testing::Values(Case{3, 8, true, 0}, Case{21, 64, true, 0.3},
                                           Case{11, 264, true, 0.5}, Case{9, 256, false, 0.2},
                                           Case{5, 1000, true, 0.1}));

}  // namespace
}  // namespace regard::kernels::cuda
