// Layers of graph attention networks against PyTorch Geometric 2.8.1 (GATConv, GATv2Conv with
// PyTorch 2.11, float64), whose numbers
// are written down here. Weights and inputs are sin((i + 1) (seed + 0.7)), which both sides make
// anew.
#include <gtest/gtest.h>

#include "harness/edge_cases.hpp"
#include "regard/attention/self_attention.hpp"

namespace regard::attention {
namespace {
using torch::Tensor;

constexpr int64_t kNodes = 6, kFeatures = 5, kHeads = 2, kWidth = 3;

const std::vector<double> kGat = {
    0.144603910206,  0.558450022924,  0.519863005921,  0.074948058513,  -0.568416827860,
    -0.751273891047, -0.160514241086, -0.604292999189, -0.558498542737, -0.059909497722,
    0.484356465251,  0.636216836893,  0.043480794358,  0.156669089632,  0.142930563091,
    0.068327240886,  -0.545032799102, -0.716829789622, -0.001706081633, -0.005227359329,
    -0.004513646526, 0.009137509519,  -0.068263210973, -0.090359899023, -0.082741792273,
    -0.314582114605, -0.291561008299, -0.032215468896, 0.251422643049,  0.331368520044,
    0.283164297446,  1.080258139356,  1.002171480177,  0.112393552794,  -0.870866164363,
    -1.148586105108};
const std::vector<double> kGatV2 = {
    0.559420854409,  1.336373878320, 1.503696656997,  1.081530890674, 0.212003887665,
    -0.272686805382, 0.247627029601, 0.148656626323,  0.402295411041, 0.936446942580,
    1.347829171214,  1.223849004898, 0.477149810810,  1.007610910136, 1.194791934389,
    1.061756139214,  0.340735581508, -0.099741764542, 0.429042797438, 0.832085128393,
    1.034051118755,  1.031865822378, 0.589846026259,  0.226550454351, 0.324766381150,
    0.434582985856,  0.665363058434, 0.963494079414,  1.117294957535, 0.922502733429,
    0.688014218063,  1.820634029308, 1.951296033825,  1.107689725059, 0.000796263041,
    -0.550149200042};
const std::vector<double> kGatMean = {
    0.109775984360,  -0.004983402468, -0.115705442563, -0.110211869404, -0.059968266969,
    0.038859147078,  0.055904017622,  -0.194181854735, -0.286949613265, 0.003715713943,
    -0.036745285151, -0.047436772775, -0.057478630585, -0.031579735778, 0.019903755872,
    0.197778925120,  0.104695987497,  -0.073207312465};

Tensor made(at::IntArrayRef shape, double seed) {
  const int64_t count = c10::multiply_integers(shape);
  return ((at::arange(count, torch::kDouble) + 1) * (seed + 0.7)).sin().view(shape);
}

// One-way edges from key to query, as edge_index of PyTorch Geometric has them, with self-loops.
EdgeTensors one_way() {
  const auto source = at::tensor({0, 1, 2, 3, 4, 5, 0, 2, 5}, torch::kLong).view({1, 1, -1});
  const auto target = at::tensor({1, 2, 0, 1, 3, 3, 4, 5, 0}, torch::kLong).view({1, 1, -1});
  const auto [queries, keys] = with_self_loops(target, source, kNodes);
  return make_edges(queries, keys, {}, {kNodes, kNodes});
}

Tensor layer(const std::string& phrase, const std::map<std::string, Tensor>& weights, bool bias) {
  SelfAttention attention(
      parse_phrase(phrase),
      {.width = kFeatures, .heads = kHeads, .bias = bias, .head_width = kWidth, .out = false});
  attention.to(torch::kDouble);
  attention.eval();
  const torch::NoGradGuard guard;
  std::size_t found = 0;
  for (const auto& item : attention.named_parameters()) {
    const auto weight = weights.find(item.key());
    EXPECT_NE(weight, weights.end()) << item.key();
    if (weight == weights.end()) continue;
    item.value().copy_(weight->second);
    ++found;
  }
  EXPECT_EQ(found, weights.size());
  const BatchScope edges(one_way());
  return attention.forward(made({1, kNodes, kFeatures}, 1), {})[0];
}

void expect_equal(const Tensor& came, const std::vector<double>& expected) {
  EXPECT_LE((came.flatten() - at::tensor(expected, torch::kDouble)).abs().max().item<double>(),
            1e-10);
}

std::map<std::string, Tensor> gat_weights() {
  return {{"projection.shared.weight", made({kHeads * kWidth, kFeatures}, 2)},
          {"fold.key", made({kHeads, kWidth}, 3)},
          {"fold.query", made({kHeads, kWidth}, 4)}};
}

TEST(GraphAttention, IsGatConvOfPyTorchGeometric) {
  for (const char* kernel : {"", "reference"}) {
    const ops::ForceKernel force(kernel);
    const auto y = layer("shared(form=plain)+edges+additive", gat_weights(), false);
    expect_equal(y, kGat);
    expect_equal(y.view({kNodes, kHeads, kWidth}).mean(1), kGatMean);
  }
}

TEST(GraphAttention, IsGatV2ConvOfPyTorchGeometric) {
  const std::map<std::string, Tensor> weights = {
      {"projection.kv.weight", made({kHeads * kWidth, kFeatures}, 2)},
      {"projection.kv.bias", made({kHeads * kWidth}, 6)},
      {"projection.q.weight", made({kHeads * kWidth, kFeatures}, 5)},
      {"projection.q.bias", made({kHeads * kWidth}, 7)},
      {"fold.pair", made({kHeads, kWidth}, 3)}};
  for (const char* kernel : {"", "reference"}) {
    const ops::ForceKernel force(kernel);
    expect_equal(layer("keyvalue+edges+additive(form=gatv2)", weights, true), kGatV2);
  }
}

}  // namespace
}  // namespace regard::attention
