// Attention from another project: three phrases on the same input.
#include <regard/attention/self_attention.hpp>

#include <cstdio>
#include <string>

int main() {
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({2, 16, 32});  // (B, T, H)
  for (const std::string text : {"softmax", "window(width=4)", "hrr"}) {
    regard::attention::SelfAttention attention(regard::attention::parse_phrase(text),
                                               {.width = 32, .heads = 4, .causal = true});
    const torch::Tensor y = attention.forward(x, {});
    std::printf("%-16s mean square %.3f\n", text.c_str(), y.square().mean().item<double>());
  }
}
