// What a training step asks of a device, on the CPU: scalars are set, and the fused end is refused
// untouched.
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "regard/ops/step/adamw.hpp"
#include "regard/ops/step/set_scalars.hpp"

namespace regard::ops {
namespace {

TEST(SetScalars, WritesEachType) {
  const auto rate = torch::zeros({}, torch::kFloat32), share = torch::zeros({}, torch::kFloat64),
             step = torch::zeros({}, torch::kInt64);
  set_scalars({{rate, 0.1}, {share, 0.1}, {step, 9007199254740991.0}});
  EXPECT_EQ(rate.item<float>(), 0.1f);
  EXPECT_EQ(share.item<double>(), 0.1);
  EXPECT_EQ(step.item<int64_t>(), 9007199254740991);
}

TEST(FinishStep, LeavesACpuToTheCaller) {
  const auto scalar = [](double value, torch::ScalarType type) {
    return torch::full({}, value, torch::dtype(type));
  };
  const auto w = torch::ones({3}), m = torch::zeros({3}), v = torch::zeros({3});
  const StepRecord record = {.lr = scalar(0.1, torch::kFloat32),
                             .loss = scalar(2, torch::kFloat32),
                             .step = scalar(0, torch::kInt64),
                             .updates = scalar(0, torch::kFloat32),
                             .ring = torch::zeros({4, 2}),
                             .bad = scalar(0, torch::kFloat32),
                             .bad_step = scalar(-1, torch::kInt64)};
  EXPECT_FALSE(
      finish_step({{w}, {torch::ones({3})}, {m}, {v}, {0.1}}, {0.9, 0.999, 1e-8, 1}, record));
  EXPECT_TRUE(torch::equal(w, torch::ones({3})));
  EXPECT_EQ(record.updates.item<float>(), 0);
  EXPECT_TRUE(torch::equal(record.ring, torch::zeros({4, 2})));
}

}  // namespace
}  // namespace regard::ops
