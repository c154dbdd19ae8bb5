#include "regard/attention/projection.hpp"

namespace regard::attention {
using torch::Tensor;

int64_t Projection::kept(const Size& size) const {
  return ((size.uses.k ? 1 : 0) + (size.uses.v ? 1 : 0)) * size.heads * size.head_width;
}

Extension Projection::extend(const Parameters& p, const Size& size, const Tensor& x) const {
  const auto made = all(p, size, x);
  return {made.q, {made.k, made.v}};
}

KeyValue Projection::read(const Parameters&, const Size&, const std::vector<Tensor>& rows) const {
  return {rows[0], rows[1]};
}

}  // namespace regard::attention
