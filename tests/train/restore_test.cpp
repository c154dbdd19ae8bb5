#include "regard/train/restore.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "regard/base/error.hpp"

namespace regard::train {
namespace {

std::string refusal(const NamedTensors& into, const std::map<std::string, torch::Tensor>& from) {
  try {
    restore(into, from);
  } catch (const InputError& error) {
    return error.what();
  }
  return "taken";
}

TEST(Restore, RefusesByNameWhatDoesNotFitOrIsNotFinite) {
  const auto weight = torch::zeros({3, 16});
  const NamedTensors into = {{"model.out.weight", weight}};
  EXPECT_EQ(refusal(into, {}), "the checkpoint has no tensor \"model.out.weight\"");
  EXPECT_EQ(refusal(into, {{"model.out.weight", torch::zeros({16, 3})}}),
            "the checkpoint's tensor \"model.out.weight\" is Float [16, 3], and the run needs "
            "Float [3, 16]");
  for (const double bad : {NAN, INFINITY, -INFINITY}) {
    auto came = torch::ones({3, 16});
    came[1][2] = bad;
    EXPECT_EQ(refusal(into, {{"model.out.weight", came}}),
              "the checkpoint's tensor \"model.out.weight\" was expected to hold finite numbers, "
              "and 1 of its "
              "48 are NaN or infinite");
    EXPECT_TRUE(torch::equal(weight, torch::zeros({3, 16})));
  }
  EXPECT_EQ(refusal(into, {{"model.out.weight", torch::ones({3, 16})}}), "taken");
  EXPECT_TRUE(torch::equal(weight, torch::ones({3, 16})));
}

}  // namespace
}  // namespace regard::train
