#include "regard/attention/projections/separate.hpp"

#include "regard/ops/attention/heads.hpp"
#include "regard/ops/block/linear.hpp"

namespace regard::attention::projections {
using torch::Tensor;

namespace {

/// Which of the packed parts to compute: parts first, first + 1, ...
struct Slice {
  int64_t first = 0, count = 0;
};

// x (B, T, H) times some of the packed matrices: count tensors (B, h, T, d).
std::vector<Tensor> project(const Parameters& p, const Size& size, const Tensor& x,
                            const Slice& slice) {
  const int64_t inner = size.heads * size.head_width;
  auto weight = p[0], bias = size.bias ? p[1] : Tensor();
  if (slice.count < size.uses.count()) {
    weight = weight.narrow(0, slice.first * inner, slice.count * inner);
    if (bias.defined()) bias = bias.narrow(0, slice.first * inner, slice.count * inner);
  }
  const auto y = ops::linear(x, weight, bias);
  return ops::split_heads(y.view({x.size(0), x.size(1), slice.count, size.heads, size.head_width}));
}

}  // namespace

std::vector<ParameterSpec> Separate::parameters(const Size& size) const {
  const int64_t rows = size.uses.count() * size.heads * size.head_width;
  std::vector<ParameterSpec> specs = {{"qkv.weight", {rows, size.model_width}}};
  if (size.bias) specs.push_back({"qkv.bias", {rows}});
  return specs;
}

Qkv Separate::all(const Parameters& p, const Size& size, const Tensor& x) const {
  const auto parts = project(p, size, x, {0, size.uses.count()});
  Qkv out;
  std::size_t at = 0;
  if (size.uses.q) out.q = parts[at++];
  if (size.uses.k) out.k = parts[at++];
  if (size.uses.v) out.v = parts[at++];
  return out;
}

Tensor Separate::query(const Parameters& p, const Size& size, const Tensor& x) const {
  return size.uses.q ? project(p, size, x, {0, 1})[0] : Tensor();
}

KeyValue Separate::key_value(const Parameters& p, const Size& size, const Tensor& memory) const {
  const int64_t first = size.uses.q ? 1 : 0, count = size.uses.count() - first;
  const auto parts = project(p, size, memory, {first, count});
  KeyValue out;
  std::size_t at = 0;
  if (size.uses.k) out.k = parts[at++];
  if (size.uses.v) out.v = parts[at++];
  return out;
}

std::unique_ptr<Projection> make_separate() { return std::make_unique<Separate>(); }

}  // namespace regard::attention::projections
