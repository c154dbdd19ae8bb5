// What projections with two matrices share: one parameter holds both, (2 h d, H), for one product.
#pragma once

#include "regard/attention/projection.hpp"

namespace regard::attention {

/// Two results (B, h, T, d) of x (B, T, H); undefined where it is not wanted.
struct Two {
  torch::Tensor first, second;
};
struct Wanted {
  bool first = true, second = true;
};

/// The parameters `name`.weight and .bias of both matrices, or of the second alone.
std::vector<ParameterSpec> two_matrices(const std::string& name, const Size& size, bool first);

/// The products of x with those matrices whose results are wanted; p[0] and p[1] hold weight and
/// bias.
Two project_two(const Parameters& p, const Size& size, const torch::Tensor& x, Wanted held,
                Wanted wanted);

}  // namespace regard::attention
