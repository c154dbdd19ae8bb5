// Positions: known numbers and the property that each kind is made for.
#include "regard/nn/positions.hpp"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "harness/case.hpp"
#include "harness/message.hpp"
#include "regard/ops/attention/rotate.hpp"

namespace regard::nn {
namespace {
using torch::Tensor;

TEST(Sinusoidal, KnownValues) {
  const auto table = sinusoidal_table(50, 6);
  const auto at = [&](int64_t t, int64_t c) { return table[t][c].item<double>(); };
  for (int64_t c = 0; c < 6; ++c) EXPECT_EQ(at(0, c), c % 2);  // sin 0, cos 0
  EXPECT_NEAR(at(3, 0), std::sin(3.0), 1e-7);
  EXPECT_NEAR(at(3, 1), std::cos(3.0), 1e-7);
  EXPECT_NEAR(at(49, 2), std::sin(49 / std::pow(10000.0, 2.0 / 6)), 1e-7);
  EXPECT_NEAR(at(49, 5), std::cos(49 / std::pow(10000.0, 4.0 / 6)), 1e-7);
  EXPECT_EQ(sinusoidal_table(4, 5).sizes(), (std::vector<int64_t>{4, 5}));
}

TEST(SinusoidalGrid, RowsInOneHalfAndColumnsInTheOther) {
  const auto table = sinusoidal_grid(49, 12), line = sinusoidal_table(7, 6);
  ASSERT_EQ(table.sizes(), (std::vector<int64_t>{49, 12}));
  for (int64_t row = 0; row < 7; ++row) {
    for (int64_t column = 0; column < 7; ++column) {
      const auto place = table[row * 7 + column];
      EXPECT_TRUE(at::equal(place.narrow(0, 0, 6), line[row]));
      EXPECT_TRUE(at::equal(place.narrow(0, 6, 6), line[column]));
    }
  }
  EXPECT_EQ(harness::message([] { sinusoidal_grid(48, 12); }),
            "positions sinusoidal_2d: a square number of places and an even width were expected, "
            "and 48 and 12 came");
}

TEST(Rotary, KnownValues) {
  const auto x = at::tensor({1., 2., 3., 4.}, torch::kDouble).view({1, 1, 1, 4});
  const auto y = rotate(x, 5);  // angles 5 and 5 / 100; pairs (1, 3) and (2, 4)
  const double c0 = std::cos(5.0), s0 = std::sin(5.0), c1 = std::cos(0.05), s1 = std::sin(0.05);
  const auto expected = at::tensor(
      {1 * c0 - 3 * s0, 2 * c1 - 4 * s1, 3 * c0 + 1 * s0, 4 * c1 + 2 * s1}, torch::kDouble);
  EXPECT_LE(harness::relative(y.view(-1), expected), 1e-15);
  EXPECT_TRUE(at::equal(rotate(x, 0), x));
}

// <R_i q, R_j k> is a function of i - j, and |R_i q| = |q|.
TEST(Rotary, ScoresSeeOnlyDistances) {
  for (const int64_t d : {8, 7}) {
    const auto q = harness::random({1, 1, 1, d}, 1), k = harness::random({1, 1, 1, d}, 2);
    const auto score = [&](int64_t i, int64_t j) {
      return (rotate(q, i) * rotate(k, j)).sum().item<double>();
    };
    EXPECT_NEAR(score(9, 4), score(1005, 1000), 1e-11);
    EXPECT_NEAR(score(0, 3), score(40, 43), 1e-12);
    EXPECT_GT(std::abs(score(9, 4) - score(9, 5)), 1e-3);
    EXPECT_NEAR(rotate(q, 77).norm().item<double>(), q.norm().item<double>(), 1e-12);
  }
}

TEST(Rotary, RowsSitAtConsecutivePlaces) {
  const auto x = harness::random({2, 3, 6, 8}, 1);
  const auto y = rotate(x, 4);
  for (int64_t t = 0; t < 6; ++t)
    EXPECT_LE(harness::relative(y.narrow(2, t, 1), rotate(x.narrow(2, t, 1), 4 + t)), 1e-15);
}

// The kernel of packed projections against tensor operations, in value and gradient.
TEST(Rotary, PackedTurnsQueriesAndKeys) {
  for (const int64_t d : {16, 10, 7}) {
    const auto qkv = harness::random({2, 70, 3, 4, d}, 1);
    const auto weights = harness::random(qkv.sizes(), 2);
    const auto part = [](const Tensor& x, int64_t i) {
      return rotate(x.select(2, i).transpose(1, 2), 0).transpose(1, 2);
    };
    const auto x = qkv.clone().requires_grad_();
    const auto expected = rotate_packed(x);  // float64 has no kernel
    EXPECT_TRUE(at::equal(expected, at::stack({part(x, 0), part(x, 1), x.select(2, 2)}, 2)));
    const auto slope = torch::autograd::grad({(expected * weights).sum()}, {x})[0];
    for (const auto& [type, limit] : {std::pair{torch::kFloat, 1e-6}, {torch::kBFloat16, 6e-3}}) {
      const auto given = qkv.to(type).requires_grad_();
      const auto y = rotate_packed(given);
      EXPECT_LE(harness::relative(y.to(torch::kDouble), expected), limit) << d;
      const auto came = torch::autograd::grad({y}, {given}, {weights.to(type)})[0];
      EXPECT_LE(harness::relative(came.to(torch::kDouble), slope), limit) << d;
    }
  }
  EXPECT_FALSE(ops::can_rotate(torch::kCPU, torch::kDouble).ok);
}

TEST(Alibi, SlopesOfThePaper) {  // Press et al. 2022: 8 heads 1/2 .. 1/256; 12 heads in their code
  const auto eight = alibi_slopes(8);
  for (int64_t i = 0; i < 8; ++i)
    EXPECT_DOUBLE_EQ(eight[i].item<double>(), std::exp2(-static_cast<double>(i + 1)));
  const auto twelve = alibi_slopes(12);
  EXPECT_TRUE(at::equal(twelve.slice(0, 0, 8), eight));
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_DOUBLE_EQ(twelve[8 + i].item<double>(),
                     std::exp2(-0.5 * static_cast<double>(2 * i + 1)));
  EXPECT_DOUBLE_EQ(alibi_slopes(1)[0].item<double>(), 1.0 / 256);
}

TEST(Alibi, BiasFallsWithDistanceFromTheLastKey) {
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const auto bias = alibi_bias(2, 3, 5, options);  // queries at 2, 3, 4
  ASSERT_EQ(bias.sizes(), (std::vector<int64_t>{2, 3, 5}));
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 5; ++j) {
      const auto distance = static_cast<double>(std::abs(i + 2 - j));
      EXPECT_DOUBLE_EQ(bias[0][i][j].item<double>(), -distance / 16);
      EXPECT_DOUBLE_EQ(bias[1][i][j].item<double>(), -distance / 256);
    }
  }
}

TEST(Positions, OnlyTwoKindsReachAttention) {
  for (const char* kind : {"learned", "sinusoidal", "sinusoidal_2d", "none"}) {
    EXPECT_EQ(attention_positions(kind, 2), nullptr) << kind;
  }
  EXPECT_TRUE(attention_positions("rotary", 2)->maps());
  EXPECT_TRUE(attention_positions("alibi", 2)->biases());
}

}  // namespace
}  // namespace regard::nn
