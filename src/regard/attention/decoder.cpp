#include "regard/attention/decoder.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace regard::attention {
using torch::Tensor;

KeyValue keys_and_values(const std::vector<Tensor>& rows, int64_t) { return {rows[0], rows[1]}; }

void RowCache::append(const Tensor& rows) {
  if (!rows.defined()) return;
  constexpr int64_t kLeast = 64;
  const int64_t added = rows.size(2);
  if (!buffer_.defined() || end_ + added > buffer_.size(2)) {
    const int64_t held = size(), capacity = std::max(kLeast, 2 * (held + added));
    const auto wider =
        at::empty({rows.size(0), rows.size(1), capacity, rows.size(3)}, rows.options());
    if (held > 0) wider.narrow(2, 0, held).copy_(this->rows());
    buffer_ = wider;
    begin_ = 0;
    end_ = held;
  }
  buffer_.narrow(2, end_, added).copy_(rows);
  end_ += added;
}

void RowCache::keep_last(int64_t count) { begin_ = std::max(begin_, end_ - count); }

void RowCache::select(const Tensor& examples) {
  if (buffer_.defined()) buffer_ = buffer_.index_select(0, examples);
}

Tensor RowCache::rows() const {
  return buffer_.defined() ? buffer_.narrow(2, begin_, size()) : Tensor();
}

int64_t RowCache::bytes() const {
  if (!buffer_.defined()) return 0;
  return buffer_.numel() / buffer_.size(2) * size() * buffer_.element_size();
}

}  // namespace regard::attention
