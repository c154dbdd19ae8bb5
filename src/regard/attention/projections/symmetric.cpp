#include "regard/attention/projections/symmetric.hpp"

#include <ATen/ops/cat.h>

#include "regard/attention/two_matrices.hpp"

namespace regard::attention::projections {
using torch::Tensor;

namespace {

bool has_scores(const Size& size) { return size.uses.q || size.uses.k; }
Wanted held(const Size& size) { return {has_scores(size), size.uses.v}; }

}  // namespace

std::vector<ParameterSpec> Symmetric::parameters(const Size& size) const {
  return two_matrices("qk_v", size, has_scores(size));
}

Qkv Symmetric::all(const Parameters& p, const Size& size, const Tensor& x) const {
  const auto y = project_two(p, size, x, held(size), {});
  return {size.uses.q ? y.first : Tensor(), size.uses.k ? y.first : Tensor(), y.second};
}

Tensor Symmetric::query(const Parameters& p, const Size& size, const Tensor& x) const {
  return project_two(p, size, x, held(size), {size.uses.q, false}).first;
}

KeyValue Symmetric::key_value(const Parameters& p, const Size& size, const Tensor& memory) const {
  const auto y = project_two(p, size, memory, held(size), {size.uses.k, true});
  return {y.first, y.second};
}

Parameters Symmetric::expand(const Parameters& p, const Size& size) const {
  const int64_t inner = size.heads * size.head_width;
  Parameters out;
  for (const auto& both : p) {
    std::vector<Tensor> parts;
    if (size.uses.q) parts.push_back(both.narrow(0, 0, inner));
    if (size.uses.k) parts.push_back(both.narrow(0, 0, inner));
    if (size.uses.v) parts.push_back(both.narrow(0, both.size(0) - inner, inner));
    out.push_back(at::cat(parts));
  }
  return out;
}

std::unique_ptr<Projection> make_symmetric() { return std::make_unique<Symmetric>(); }

}  // namespace regard::attention::projections
