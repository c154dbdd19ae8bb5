// The same weights in MarianMT of transformers 5.24.0 give the same logits: tests/models/
// marian_reference.py copies them, and wrote the numbers.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/fixture.hpp"
#include "regard/models/kinds/sequence_to_sequence.hpp"

namespace regard::models {
namespace {

const std::vector<double> kLogits = {
    -0.0896507, 0.2637136,  0.4987052,  0.5098439,  0.2921298,  -0.0567120, -0.3800977, -0.5328695,
    -0.4464532, -0.1596382, 0.1988333,  -0.5690501, -1.2557801, -1.3788303, -0.8829673, 0.0092316,
    0.8972868,  1.3825784,  1.2472745,  0.5521087,  -0.3908812, -1.1584169, 0.8048668,  -0.0187141,
    -0.8338949, -1.2747668, -1.1434363, -0.4988536, 0.3696487,  1.0722274,  1.2935172,  0.9341883,
    0.1555319,  0.7450999,  0.8950037,  0.6431689,  0.1026359,  -0.4839670, -0.8533326, -0.8396642,
    -0.4490972, 0.1430552,  0.6709947,  0.8977460,  -0.5614380, -0.5311868, -0.2625026, 0.1240106,
    0.4548594,  0.5815363,  0.4471800,  0.1120988,  -0.2733000, -0.5360231, -0.5581424, -0.7885651,
    -0.8302314, -0.4992332, 0.0558549,  0.5858716,  0.8529091,  0.7371028,  0.2904345,  -0.2866007,
    -0.7349899, -0.8534654, -0.4554900, -0.9147369, -0.9633874, -0.5796039, 0.0643454,  0.6794121,
    0.9895123,  0.8554518,  0.3374062,  -0.3320903, -0.8525220, -0.4316256, -0.4534977, -0.2718090,
    0.0318861,  0.3212685,  0.4664437,  0.4022472,  0.1574946,  -0.1579522, -0.4024994, -0.4663773,
};

ModelSpec marian_spec() {
  auto spec = small_spec("sequence_to_sequence");
  spec.trunk.width = 8;
  spec.trunk.mlp = 16;
  spec.trunk.norm = "post";
  spec.trunk.activation = "relu";
  spec.trunk.positions = "sinusoidal";
  spec.trunk.embed_scale = "sqrt";
  return spec;
}

TEST(Marian, TheSameWeightsGiveTheSameLogits) {
  const torch::NoGradGuard guard;
  SequenceToSequence m(marian_spec(), small_shape(), phrases({"softmax"}), 1);
  m.to(torch::kDouble);
  m.eval();
  std::map<std::string, Tensor> sorted;
  for (const auto& item : m.named_parameters()) sorted[item.key()] = item.value();
  double n = 0;
  for (auto& [name, parameter] : sorted) {
    const auto i = at::arange(parameter.numel(), torch::kDouble);
    const bool scale = name.find("norm") != std::string::npos && name.ends_with("weight");
    parameter.copy_(
        (0.3 * at::sin(1 + 0.7 * i + 1.3 * n) + (scale ? 1 : 0)).view(parameter.sizes()));
    ++n;
  }
  const auto whole = [](std::vector<int64_t> values) { return at::tensor(values, torch::kLong); };
  auto batch = batch_of(whole({3, 1, 4, 1, 5, 9, 2, 6, 0, 0}).view({2, 5}), whole({5, 3}));
  batch.others[kTargetInputs] = whole({0, 5, 8, 9, 0, 2, 7, 10}).view({2, 4});
  batch.others[kTargetLengths] = whole({4, 4});
  const auto expected = at::tensor(kLogits, torch::kDouble).view({2, 4, 11});
  EXPECT_LE((m.logits(batch) - expected).abs().max().item<double>(), 1e-6);
}

}  // namespace
}  // namespace regard::models
