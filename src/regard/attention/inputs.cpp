#include "regard/attention/inputs.hpp"

#include <ATen/ops/arange.h>

#include <sstream>

#include "regard/base/error.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {
std::string shape(const Tensor& t) {
  std::ostringstream out;
  out << t.sizes();
  return out.str();
}
}  // namespace

void check_types(const Tensor& q, const Tensor& k, const Tensor& v, const char* function) {
  const auto type = v.scalar_type();
  bool good = type == torch::kFloat || type == torch::kDouble || type == torch::kHalf ||
              type == torch::kBFloat16;
  std::ostringstream came, devices;
  bool together = true;
  for (const auto* t : {&q, &k, &v}) {
    if (!t->defined()) continue;
    good = good && t->scalar_type() == type;
    together = together && t->device() == v.device();
    came << (came.tellp() > 0 ? ", " : "") << t->scalar_type();
    devices << (devices.tellp() > 0 ? ", " : "") << t->device();
  }
  if (!good) {
    throw InputError(std::string(function) +
                     ": q, k and v of one type, float32, float64, float16 or bfloat16, were "
                     "expected, and " +
                     came.str() + " came");
  }
  if (!together) {
    throw InputError(std::string(function) + ": q, k and v on one device were expected, and " +
                     devices.str() + " came");
  }
}

Inputs make_inputs(Tensor q, Tensor k, Tensor v, graph::Graph graph, const char* function) {
  const std::string where = std::string(function) + ": ";
  if (!v.defined() || v.dim() != 4) {
    throw InputError(where + "v of shape (B, h, T, d) was expected, and " +
                     (v.defined() ? shape(v) : "nothing") + " came");
  }
  check_types(q, k, v, function);
  for (const auto& [name, t] : {std::pair{"q", q}, std::pair{"k", k}}) {
    if (!t.defined()) continue;
    if (t.dim() != 4 || t.size(0) != v.size(0) || t.size(3) != v.size(3)) {
      throw InputError(where + name + " of shape (B, h, T, d) with the batch and width of v " +
                       shape(v) + " was expected, and " + shape(t) + " came");
    }
  }
  if (k.defined() && k.sizes() != v.sizes()) {
    throw InputError(where + "k and v of one shape were expected, and " + shape(k) + " and " +
                     shape(v) + " came");
  }
  Inputs x;
  x.q = std::move(q);
  x.k = std::move(k);
  x.v = std::move(v);
  x.graph = std::move(graph);
  x.queries = x.q.defined() ? x.q.size(2) : x.keys();
  x.heads = x.q.defined() ? x.q.size(1) : x.v.size(1);
  const int64_t groups = x.v.size(1);
  if (groups == 0 ? x.heads != 0 : x.heads % groups != 0) {
    throw InputError(where + "heads of q (" + std::to_string(x.heads) +
                     ") divisible by heads of k and v (" + std::to_string(x.v.size(1)) +
                     ") were expected");
  }
  return x;
}

void Inputs::set_lengths(const Tensor& lengths) {
  key_lengths = lengths;
  query_lengths = whole() ? lengths : Tensor();
}

ops::Problem problem_of(const Inputs& x) {
  return {.batch = x.v.size(0),
          .heads = x.heads,
          .kv_heads = x.v.size(1),
          .queries = x.queries,
          .keys = x.v.size(2),
          .width = x.v.size(3),
          .dtype = x.v.scalar_type(),
          .device = x.v.device().type(),
          .graph = x.graph,
          .ragged = x.query_lengths.defined() || x.key_lengths.defined(),
          .bias = x.bias.defined(),
          .dropout = x.dropout.rate > 0 && x.random != nullptr};
}

namespace {

// (T_q, T_k) by asking for each pair, on the host.
Tensor mask_by_predicate(const graph::Graph& graph, graph::Extent extent, torch::Device device) {
  auto mask = at::empty({extent.queries, extent.keys}, torch::kBool);
  auto at = mask.accessor<bool, 2>();
  for (int64_t i = 0; i < extent.queries; ++i) {
    for (int64_t j = 0; j < extent.keys; ++j) at[i][j] = graph.allows(i, j, extent);
  }
  return mask.to(device);
}

}  // namespace

Tensor graph_mask(const graph::Graph& graph, graph::Extent extent, torch::Device device) {
  if (graph.edges()) throw RunError("graph mask: the pairs of this graph stand beside it");
  const auto* window = graph.window();
  if (!window && !graph.plain()) return mask_by_predicate(graph, extent, device);
  const auto whole = torch::TensorOptions().dtype(torch::kLong).device(device);
  const auto j = at::arange(extent.keys, whole).unsqueeze(0);  // (1, T_k)
  const auto i = (at::arange(extent.queries, whole) + (extent.keys - extent.queries)).unsqueeze(1);
  auto mask = at::ones({extent.queries, extent.keys}, whole.dtype(torch::kBool));  // (T_q, T_k)
  if (window) {
    if (window->left != graph::kUnlimited) mask = mask & (j >= i - window->left);
    if (window->right != graph::kUnlimited) mask = mask & (j <= i + window->right);
    if (window->global > 0) mask = mask | (j < window->global) | (i < window->global);
  }
  if (graph.causal()) mask = mask & (j <= i);
  return mask;
}

Tensor valid_rows(const Tensor& lengths, int64_t positions) {
  const auto t = at::arange(positions, lengths.options());
  return (t.unsqueeze(0) < lengths.unsqueeze(1)).view({-1, 1, positions, 1});
}

Tensor dense_mask(const Inputs& x) {
  const graph::Extent extent{x.queries, x.keys()};
  auto mask =
      x.graph.edges()
          ? edge_mask(x.edges, extent, x.heads)
          : graph_mask(x.graph, extent, x.v.device()).view({1, 1, extent.queries, extent.keys});
  if (x.key_lengths.defined()) {
    mask = mask & valid_rows(x.key_lengths, extent.keys).transpose(2, 3);  // (B, 1, T_q, T_k)
  }
  if (x.query_lengths.defined()) mask = mask & valid_rows(x.query_lengths, extent.queries);
  return mask;
}

Tensor allowed_keys(const Inputs& x, torch::ScalarType dtype) {
  const auto& lengths = x.key_lengths;
  const auto options = torch::TensorOptions().dtype(dtype).device(x.v.device());
  if (!x.graph.plain()) return dense_mask(x).sum(-1, true, dtype);
  if (x.graph.causal()) {
    auto count =
        at::arange(x.keys() - x.queries + 1, x.keys() + 1, options).view({1, 1, x.queries, 1});
    if (lengths.defined()) count = at::minimum(count, lengths.to(dtype).view({-1, 1, 1, 1}));
    return count;
  }
  if (lengths.defined()) {
    return lengths.to(dtype).view({-1, 1, 1, 1}).expand({-1, 1, x.queries, 1});
  }
  return at::full({1, 1, x.queries, 1}, x.keys(), options);
}

Tensor expand_heads(const Tensor& kv, int64_t heads) {
  if (!kv.defined() || kv.size(1) == heads) return kv;
  return kv.repeat_interleave(heads / kv.size(1), 1);
}

}  // namespace regard::attention
