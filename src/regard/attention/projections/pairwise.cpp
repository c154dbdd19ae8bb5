#include "regard/attention/projections/pairwise.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include "regard/attention/two_matrices.hpp"

namespace regard::attention::projections {
using torch::Tensor;

namespace {

bool has_scores(const Size& size) { return size.uses.q || size.uses.k; }
Wanted held(const Size& size) { return {has_scores(size), size.uses.v}; }

// q (B, h, T, d) times U (h, d, d).
Tensor keys(const Parameters& p, const Tensor& q) {
  return at::matmul(q, p.back().to(q.scalar_type()));
}

}  // namespace

std::vector<ParameterSpec> Pairwise::parameters(const Size& size) const {
  auto specs = two_matrices("q_v", size, has_scores(size));
  if (size.uses.k) {
    specs.push_back(
        {"coefficients", {size.heads, size.head_width, size.head_width}, Start::kIdentity});
  }
  return specs;
}

Qkv Pairwise::all(const Parameters& p, const Size& size, const Tensor& x) const {
  const auto y = project_two(p, size, x, held(size), {});
  return {size.uses.q ? y.first : Tensor(), size.uses.k ? keys(p, y.first) : Tensor(), y.second};
}

Tensor Pairwise::query(const Parameters& p, const Size& size, const Tensor& x) const {
  return project_two(p, size, x, held(size), {size.uses.q, false}).first;
}

KeyValue Pairwise::key_value(const Parameters& p, const Size& size, const Tensor& memory) const {
  const auto y = project_two(p, size, memory, held(size), {size.uses.k, true});
  return {size.uses.k ? keys(p, y.first) : Tensor(), y.second};
}

Parameters Pairwise::expand(const Parameters& p, const Size& size) const {
  const int64_t heads = size.heads, d = size.head_width, inner = heads * d;
  Parameters out;
  for (std::size_t i = 0; i < (size.bias ? 2 : 1); ++i) {
    const auto& both = p[i];
    const auto q = both.narrow(0, 0, inner);
    std::vector<Tensor> parts;
    if (size.uses.q) parts.push_back(q);
    if (size.uses.k) {
      // Rows of a head hold its d outputs: k = q U is U^T on them.
      parts.push_back(at::matmul(p.back().transpose(1, 2), q.reshape({heads, d, -1})).view_as(q));
    }
    if (size.uses.v) parts.push_back(both.narrow(0, both.size(0) - inner, inner));
    out.push_back(at::cat(parts));
  }
  return out;
}

std::unique_ptr<Projection> make_pairwise() { return std::make_unique<Pairwise>(); }

}  // namespace regard::attention::projections
