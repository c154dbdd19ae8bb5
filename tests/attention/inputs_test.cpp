// What every fold is given: one rule for types and sizes.
#include "regard/attention/inputs.hpp"

#include <gtest/gtest.h>

#include "harness/message.hpp"

namespace regard::attention {
namespace {
using harness::message;
using torch::Tensor;

Tensor of(torch::ScalarType type) { return at::zeros({1, 2, 3, 4}, type); }

std::string refusal(const Tensor& q, const Tensor& k, const Tensor& v) {
  return message([&] { make_inputs(q, k, v, graph::full(), "test"); });
}

TEST(Inputs, OneFloatingPointTypeForAll) {
  for (const auto type : {torch::kFloat, torch::kDouble, torch::kHalf, torch::kBFloat16}) {
    EXPECT_EQ(refusal(of(type), of(type), of(type)), "no InputError");
  }
  const std::string rule =
      "test: q, k and v of one type, float32, float64, float16 or bfloat16, were expected, and ";
  for (const auto type :
       {torch::kLong, torch::kInt, torch::kByte, torch::kBool, torch::kComplexFloat}) {
    const std::string name = c10::toString(type);
    EXPECT_EQ(refusal(of(type), of(type), of(type)),
              rule + name + ", " + name + ", " + name + " came");
    EXPECT_EQ(refusal({}, {}, of(type)), rule + name + " came");
  }
  EXPECT_EQ(refusal(of(torch::kFloat), of(torch::kFloat), of(torch::kBFloat16)),
            rule + "Float, Float, BFloat16 came");
  EXPECT_EQ(refusal(of(torch::kDouble), of(torch::kFloat), of(torch::kFloat)),
            rule + "Double, Float, Float came");
}

TEST(Inputs, HeadsThatDoNotDivideAreRefusedAndNoneIsNothing) {
  const auto heads = [](int64_t h) { return at::zeros({1, h, 3, 4}); };
  EXPECT_EQ(refusal(heads(3), heads(2), heads(2)),
            "test: heads of q (3) divisible by heads of k and v (2) were expected");
  EXPECT_EQ(refusal(heads(3), heads(0), heads(0)),
            "test: heads of q (3) divisible by heads of k and v (0) were expected");
  EXPECT_EQ(refusal(heads(0), heads(0), heads(0)), "no InputError");
}

}  // namespace
}  // namespace regard::attention
