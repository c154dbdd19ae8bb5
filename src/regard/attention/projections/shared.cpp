#include "regard/attention/projections/shared.hpp"

#include <ATen/ops/cat.h>

#include "regard/ops/block/linear.hpp"

namespace regard::attention::projections {
using torch::Tensor;

namespace {

// s (B, h, T, d) of x (B, T, H).
Tensor rows_of(const Parameters& p, const Size& size, const Tensor& x) {
  return ops::linear(x, p[0], size.bias ? p[1] : Tensor())
      .view({x.size(0), x.size(1), size.heads, size.head_width})
      .transpose(1, 2);
}

}  // namespace

std::vector<ParameterSpec> Shared::parameters(const Size& size) const {
  const int64_t rows = size.heads * size.head_width;
  std::vector<ParameterSpec> specs = {{"shared.weight", {rows, size.model_width}}};
  if (size.bias) specs.push_back({"shared.bias", {rows}});
  if (form == "plain") return specs;
  if (size.uses.q) specs.push_back({"query", {rows}, Start::kOnes});
  if (size.uses.k) specs.push_back({"key", {rows}, Start::kOnes});
  if (size.uses.v) specs.push_back({"value", {rows}, Start::kOnes});
  return specs;
}

Qkv Shared::diagonals(const Parameters& p, const Size& size) const {
  Qkv out;
  if (form == "plain") return out;
  std::size_t next = size.bias ? 2 : 1;
  if (size.uses.q) out.q = p[next++];
  if (size.uses.k) out.k = p[next++];
  if (size.uses.v) out.v = p[next++];
  return out;
}

Qkv Shared::scaled(const Parameters& p, const Size& size, const Tensor& s,
                   const Uses& wanted) const {
  const auto d = diagonals(p, size);
  const auto part = [&](const Tensor& diagonal, bool is_wanted) -> Tensor {
    if (!is_wanted || !diagonal.defined()) return is_wanted ? s : Tensor();
    return s * diagonal.to(s.scalar_type()).view({1, size.heads, 1, size.head_width});
  };
  return {part(d.q, wanted.q), part(d.k, wanted.k), part(d.v, wanted.v)};
}

Qkv Shared::all(const Parameters& p, const Size& size, const Tensor& x) const {
  return scaled(p, size, rows_of(p, size, x), size.uses);
}

Tensor Shared::query(const Parameters& p, const Size& size, const Tensor& x) const {
  return scaled(p, size, rows_of(p, size, x), {size.uses.q, false, false}).q;
}

KeyValue Shared::key_value(const Parameters& p, const Size& size, const Tensor& memory) const {
  return read(p, size, {rows_of(p, size, memory)});
}

Extension Shared::extend(const Parameters& p, const Size& size, const Tensor& x) const {
  const auto s = rows_of(p, size, x);
  return {scaled(p, size, s, {size.uses.q, false, false}).q, {s}};
}

KeyValue Shared::read(const Parameters& p, const Size& size,
                      const std::vector<Tensor>& rows) const {
  const auto made = scaled(p, size, rows[0], {false, size.uses.k, size.uses.v});
  return {made.k, made.v};
}

Parameters Shared::expand(const Parameters& p, const Size& size) const {
  const auto d = diagonals(p, size);
  Parameters out;
  for (std::size_t i = 0; i < (size.bias ? 2 : 1); ++i) {
    std::vector<Tensor> parts;
    const auto add = [&](const Tensor& diagonal, bool used) {
      if (!used) return;
      const bool matrix = p[i].dim() == 2;
      parts.push_back(!diagonal.defined() ? p[i]
                                          : p[i] * (matrix ? diagonal.unsqueeze(1) : diagonal));
    };
    add(d.q, size.uses.q);
    add(d.k, size.uses.k);
    add(d.v, size.uses.v);
    out.push_back(at::cat(parts));
  }
  return out;
}

std::unique_ptr<Projection> make_shared() { return std::make_unique<Shared>(); }

}  // namespace regard::attention::projections
