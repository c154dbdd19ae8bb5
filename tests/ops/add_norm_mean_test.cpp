// Residual sum, norm and mean over tokens as one operator: sequence by sequence, in value and
// gradient.
#include "regard/ops/block/add_norm_mean.hpp"

#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

namespace regard::ops {
namespace {
using torch::Tensor;
using Tensors = std::vector<Tensor>;

constexpr int64_t kBatch = 4, kTime = 7, kWidth = 6;
constexpr double kRate = 0.4;

/// x, branch, branch bias, norm weight, norm bias.
Tensors leaves(torch::ScalarType type) {
  torch::manual_seed(2);
  Tensors out;
  for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{
           {kBatch, kTime, kWidth}, {kBatch, kTime, kWidth}, {kWidth}, {kWidth}, {kWidth}}) {
    out.push_back(torch::randn(sizes, type).requires_grad_());
  }
  return out;
}

DropoutKey key() { return {5, at::scalar_tensor(9, torch::kLong), 2}; }

Tensor one_by_one(const Tensors& in, bool centred, const Tensor& lengths) {
  const auto sum = in[0] + dropout(in[1] + in[2], kRate, key());
  Tensors rows;
  for (int64_t b = 0; b < kBatch; ++b) {
    const auto n = lengths.defined() ? lengths[b].item<int64_t>() : kTime;
    auto x = sum[b].slice(0, 0, n);  // (n, H)
    if (centred) x = x - x.mean(1, true);
    x = x / (x.pow(2).mean(1, true) + 1e-5).sqrt() * in[3];
    if (centred) x = x + in[4];
    rows.push_back(n > 0 ? x.sum(0) / static_cast<double>(n) : 0 * x.sum(0));
  }
  return at::stack(rows);
}

TEST(AddNormMean, IsTheMeanOfEachSequence) {
  for (const bool centred : {true, false}) {
    for (const bool ragged : {false, true}) {
      const auto lengths = ragged ? at::tensor({7, 0, 3, 1}, torch::kLong) : Tensor();
      const auto in = leaves(torch::kDouble);
      const auto g = torch::randn({kBatch, kWidth}, torch::kDouble);
      const NormParameters norm{in[3], centred ? in[4] : Tensor(), centred, 1e-5};
      const auto came = add_norm_mean(in[0], {in[1], in[2]}, norm, kRate, key(), lengths);
      const auto expected = one_by_one(in, centred, lengths);
      EXPECT_TRUE(at::allclose(came, expected, 1e-12, 1e-12));
      const Tensors wanted(in.begin(), in.begin() + (centred ? 5 : 4));
      const auto a = torch::autograd::grad({came}, wanted, {g}),
                 b = torch::autograd::grad({expected}, wanted, {g});
      for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_TRUE(at::allclose(a[i], b[i], 1e-11, 1e-12)) << i;
    }
  }
}

TEST(AddNormMean, HasTheTypeOfTheWeight) {
  for (const auto type : {torch::kDouble, torch::kFloat, torch::kBFloat16}) {
    const auto in = leaves(type);
    EXPECT_EQ(add_norm_mean(in[0], {}, {in[3], in[4]}, 0, {}, {}).scalar_type(), type);
  }
  const auto x = leaves(torch::kBFloat16)[0];
  const auto weights = leaves(torch::kFloat);
  EXPECT_EQ(add_norm_mean(x, {}, {weights[3], weights[4]}, 0, {}, {}).scalar_type(), torch::kFloat);
}

}  // namespace
}  // namespace regard::ops
