#include "regard/attention/window_blocks.hpp"

#include <ATen/ops/constant_pad_nd.h>

#include "regard/attention/rows.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

struct Blocks {
  int64_t size, before, after, span;
  int64_t count(int64_t positions) const { return (positions + size - 1) / size; }
};

Blocks plan(const graph::Graph& graph) {
  const int64_t left = graph.window()->left;
  const int64_t right = graph.causal() ? 0 : graph.window()->right;
  const int64_t size = std::max<int64_t>(16, std::max(left, right));
  return {size, left, right, left + size + right};
}

}  // namespace

ops::Support can_block_window(const ops::Problem& p) {
  const auto* window = p.graph.window();
  if (!window) return ops::Support::no("the graph is not a window");
  if (window->global > 0) return ops::Support::no("global positions reach outside the blocks");
  if (window->left == graph::kUnlimited ||
      (!p.graph.causal() && window->right == graph::kUnlimited)) {
    return ops::Support::no("the window is open to one side");
  }
  if (const auto whole = needs_whole(p); !whole.ok) return whole;
  if (p.bias) return ops::Support::no("a score bias is given");
  if (plan(p.graph).span > p.keys / 2)
    return ops::Support::no("the sequence is not long beside the window");
  return ops::Support::yes();
}

Tensor block_window(const Inputs& x,
                    const std::function<Tensor(const Inputs& block, const Tensor& mask)>& fold) {
  const int64_t batch = x.v.size(0), positions = x.v.size(2), width = x.v.size(3);
  const auto b = plan(x.graph);
  const int64_t count = b.count(positions), padded = b.size * count;

  const auto queries = [&](const Tensor& t) {
    if (!t.defined()) return t;
    return at::constant_pad_nd(t, {0, 0, 0, padded - positions})
        .view({batch, t.size(1), count, b.size, width})
        .transpose(1, 2)
        .reshape({batch * count, t.size(1), b.size, width});
  };
  const auto keys = [&](const Tensor& t) {
    if (!t.defined()) return t;
    return at::constant_pad_nd(t, {0, 0, b.before, padded - positions + b.after})
        .unfold(2, b.span, b.size)  // (B, h, n, d, span)
        .permute({0, 2, 1, 4, 3})
        .reshape({batch * count, t.size(1), b.span, width});
  };

  const auto whole = torch::TensorOptions().dtype(torch::kLong).device(x.v.device());
  const auto block = at::arange(count, whole).view({-1, 1, 1});
  const auto i = at::arange(b.size, whole).view({1, -1, 1}) + b.size * block;  // (n, C, 1)
  const auto j =
      at::arange(b.span, whole).view({1, 1, -1}) + b.size * block - b.before;  // (n, 1, span)
  auto mask = (j >= i - b.before) & (j <= i + b.after) & (j >= 0) & (j < positions);
  if (x.key_lengths.defined()) {
    mask = mask.unsqueeze(0) & (j.unsqueeze(0) < x.key_lengths.view({-1, 1, 1, 1}));
  } else {
    mask = mask.unsqueeze(0);
  }
  mask = (mask | (j == i).unsqueeze(0)).expand({batch, count, b.size, b.span});
  mask = mask.reshape({batch * count, 1, b.size, b.span});

  Inputs small = x;
  small.q = queries(x.q.defined() ? clear_queries(x.q, x) : x.q);
  small.k = keys(x.k);
  small.v = keys(x.v);
  small.queries = b.size;
  small.query_lengths = small.key_lengths = Tensor();
  const auto y = fold(small, mask)
                     .view({batch, count, x.heads, b.size, width})
                     .transpose(1, 2)
                     .reshape({batch, x.heads, padded, width})
                     .narrow(2, 0, positions);
  return clear_queries(y, x);
}

}  // namespace regard::attention
