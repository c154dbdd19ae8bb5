// The operator regard::hrr_forward against float64 tensor operations in the time domain (by FFT).
#include "regard/ops/attention/hrr.hpp"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <cmath>

namespace regard::ops {
namespace {
using torch::Tensor;

/// Orthonormal Fourier basis, its columns in the packed order.
Tensor packed_basis(int64_t d) {
  const auto n = at::arange(d, torch::kDouble).unsqueeze(1);
  const auto j = at::arange(1, d / 2, torch::kDouble).unsqueeze(0);
  const auto angle = n * j * (2 * M_PI / static_cast<double>(d));
  const double real = 1 / std::sqrt(static_cast<double>(d)), pair = real * std::sqrt(2.0);
  return at::cat({at::full({d, 1}, real, torch::kDouble), angle.cos() * pair,
                  (1 - 2 * n.remainder(2)) * real, angle.sin() * pair},
                 1);
}

Tensor reference(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& lengths,
                 const HrrOptions& o) {
  const int64_t time = q.size(2);
  const auto u = packed_basis(q.size(3)).t();
  const auto tq = q.matmul(u), tk = k.matmul(u), tv = v.matmul(u);
  auto live = at::ones({q.size(0), 1, time, 1}, torch::kDouble);
  if (lengths.defined()) {
    live =
        (at::arange(time).view({1, 1, time, 1}) < lengths.view({-1, 1, 1, 1})).to(torch::kDouble);
  }
  const auto over_time = [&](const Tensor& x) {
    return o.causal ? (x * live).cumsum(2) : (x * live).sum(2, true);
  };
  const auto s = over_time(at::real(at::fft_ifft(at::fft_fft(tk) * at::fft_fft(tv))));
  const auto read = at::real(at::fft_ifft(at::conj(at::fft_fft(tq)) * at::fft_fft(s)));
  const auto a = (tv * read).sum(-1, true) / tv.norm(2, -1, true) / read.norm(2, -1, true);
  const auto z = over_time(a.exp());
  auto y = a.exp() / at::where(z == 0, 1.0, z) * live * v;
  if (o.time_scale) y = y * over_time(at::ones_like(a));
  return y;
}

double relative(const Tensor& came, const Tensor& expected) {
  return ((came.to(torch::kDouble) - expected).abs().max() / expected.abs().max()).item<double>();
}

class HrrOp : public ::testing::TestWithParam<std::tuple<bool, bool, bool>> {
 protected:
  HrrOptions options() const { return {std::get<0>(GetParam()), std::get<1>(GetParam())}; }
  Tensor lengths() const {
    return std::get<2>(GetParam()) ? at::tensor({70, 1, 41}, torch::kLong) : Tensor();
  }
};
INSTANTIATE_TEST_SUITE_P(, HrrOp,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool(),
                                            ::testing::Bool()));

void expect_value_and_gradient(torch::ScalarType type, const Tensor& lengths,
                               const HrrOptions& options, double value, double gradient) {
  at::manual_seed(1);
  const int64_t B = 3, T = 70, h = 2, d = 16;
  // As a layer makes them: q, k, v are slices of one (B, T, 3 H) buffer.
  const auto x = at::randn({B, T, 3 * h * d}).to(type).requires_grad_();
  const auto parts = x.chunk(3, 2);
  const auto head = [&](const Tensor& part) { return part.view({B, T, h, d}).transpose(1, 2); };
  const auto y = hrr(head(parts[0]), head(parts[1]), head(parts[2]), lengths, options);
  const auto g = at::randn({B, h, T, d}).to(type);
  (y * g).sum().backward();

  const auto x64 = x.detach().to(torch::kDouble).requires_grad_();
  const auto parts64 = x64.chunk(3, 2);
  const auto expected =
      reference(head(parts64[0]), head(parts64[1]), head(parts64[2]), lengths, options);
  (expected * g).sum().backward();
  EXPECT_LE(relative(y, expected), value);
  EXPECT_LE(relative(x.grad(), x64.grad()), gradient);
  EXPECT_EQ(x.grad().scalar_type(), type);
  EXPECT_TRUE(y.transpose(1, 2).is_contiguous());
}

TEST_P(HrrOp, ValueAndGradientThroughViewsOfOneProjection) {
  expect_value_and_gradient(torch::kFloat, lengths(), options(), 2e-6, 1e-5);
}

TEST_P(HrrOp, ValueAndGradientInBFloat16) {
  expect_value_and_gradient(torch::kBFloat16, lengths(), options(), 3.92e-3, 3.95e-3);
}

TEST_P(HrrOp, ThreadsOfPyTorchDoNotChangeABit) {
  at::manual_seed(3);
  const int before = at::get_num_threads();
  const auto x = at::randn({3, 2, 700, 32});
  const auto run = [&](int threads) {
    at::set_num_threads(threads);
    const auto leaf = x.clone().requires_grad_();
    const auto lengths =
        std::get<2>(GetParam()) ? at::tensor({700, 1, 333}, torch::kLong) : Tensor();
    const auto y = hrr(leaf, leaf.flip(3), leaf.roll(1, 2), lengths, options());
    y.square().sum().backward();
    return std::pair(y.detach(), leaf.grad());
  };
  const auto one = run(1);
  for (const int threads : {2, 5}) {
    const auto many = run(threads);
    EXPECT_TRUE(at::equal(one.first, many.first) && at::equal(one.second, many.second));
  }
  at::set_num_threads(before);
}

TEST_P(HrrOp, TakesRowsThatAreNotContiguous) {
  at::manual_seed(2);
  const auto q = at::randn({2, 8, 2, 9}).permute({0, 2, 3, 1}).requires_grad_();  // stride 18 in d
  const auto k = at::randn({2, 2, 9, 8}), v = at::randn({1, 1, 9, 8}).expand({2, 2, 9, 8});
  const auto y = hrr(q, k, v, {}, options());
  EXPECT_TRUE(at::equal(y, hrr(q.contiguous(), k, v.contiguous(), {}, options())));
  y.sum().backward();  // a gradient with stride 0 everywhere
  EXPECT_TRUE(q.grad().isfinite().all().item<bool>());
}

TEST_P(HrrOp, EmptyInputs) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 2, 5, 4}, {2, 2, 0, 4}}) {
    const auto x = at::zeros(shape).requires_grad_();
    const auto y = hrr(x, x, x, {}, options());
    EXPECT_EQ(y.sizes(), x.sizes());
    y.sum().backward();
    EXPECT_EQ(x.grad().numel(), 0);
  }
}

TEST(HrrErrors, NameWhatWasExpectedAndWhatCame) {
  const auto x = at::zeros({2, 1, 4, 6});
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const c10::Error& e) {
      return e.what_without_backtrace();
    }
    return "no error";
  };
  EXPECT_EQ(
      message([&] {
        hrr(x, at::zeros({2, 1, 5, 6}), x, {}, {});
      }),
      "regard::hrr: q, k and v of one shape were expected, and [2, 1, 4, 6], [2, 1, 5, 6] and "
      "[2, 1, 4, 6] came");
  EXPECT_EQ(message([&] {
              hrr(at::zeros({2, 3}), x, x, {}, {});
            }),
            "regard::hrr: q of shape (batch, heads, time, width) was expected, and [2, 3] came");
  const auto odd = at::zeros({1, 1, 4, 7});
  EXPECT_EQ(message([&] { hrr(odd, odd, odd, {}, {}); }),
            "regard::hrr: an even head width was expected, and 7 came");
  EXPECT_EQ(message([&] {
              hrr(x, x, x, at::tensor({1, 5}, torch::kLong), {});
            }),
            "regard::hrr: lengths in [0, 4] were expected, and 5 came for sequence 1");
  EXPECT_EQ(message([&] { hrr(x, x, x, at::tensor({1}, torch::kLong), {}); }),
            "regard::hrr: int64 lengths of shape (2) were expected, and Long of shape [1] came");
  EXPECT_EQ(message([&] { hrr(x.to(torch::kDouble), x, x, {}, {}); }),
            "regard::hrr: fp32 or bf16 was expected on the CPU, and Double came");
  EXPECT_EQ(message([&] { hrr(x, x.to(torch::kBFloat16), x, {}, {}); }),
            "regard::hrr: q, k, v and gradient in Float on the CPU were expected, and BFloat16 on "
            "cpu came");
}

}  // namespace
}  // namespace regard::ops
