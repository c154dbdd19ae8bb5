// What attention is compared with: the same function, or dense softmax, by plain calls of PyTorch.
#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "regard/attention/phrase.hpp"

namespace regard::lab {

/// One way to compute an attention from q, k, v (B, h, T, d); those that its fold does not use are
/// undefined.
struct BenchForm {
  std::string name;
  std::string phrase;     // whose mathematics, and whose parameters in a model
  bool in_basis = false;  // q, k, v come and y goes in the Fourier basis (attention/fourier.hpp)
  std::function<torch::Tensor(const torch::Tensor& q, const torch::Tensor& k,
                              const torch::Tensor& v)>
      run;
};

/// The other ways, the closest first: what somebody without Regard would write.
std::vector<BenchForm> peer_forms(const attention::Phrase& phrase);

/// The fold's definition with a dense mask, for float64.
BenchForm reference_form(const attention::Phrase& phrase);

/// Regard's own, through dispatch.
BenchForm regard_form(const attention::Phrase& phrase);

}  // namespace regard::lab
