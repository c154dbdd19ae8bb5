#include "regard/attention/inputs.hpp"

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
  Inputs x{.q = q, .k = k, .v = v, .packed = {}, .lengths = {}, .bias = {}, .graph = graph};
  x.queries = q.defined() ? q.size(2) : v.size(2);
  x.heads = q.defined() ? q.size(1) : v.size(1);
  const int64_t groups = v.size(1);
  if (groups == 0 ? x.heads != 0 : x.heads % groups != 0) {
    throw InputError(where + "heads of q (" + std::to_string(x.heads) +
                     ") divisible by heads of k and v (" + std::to_string(v.size(1)) +
                     ") were expected");
  }
  return x;
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
          .ragged = x.lengths.defined(),
          .bias = x.bias.defined()};
}

Tensor graph_mask(const graph::Graph& graph, graph::Extent extent, torch::Device device) {
  const auto whole = torch::TensorOptions().dtype(torch::kLong).device(device);
  const auto j = at::arange(extent.keys, whole).unsqueeze(0);  // (1, T_k)
  const auto i = (at::arange(extent.queries, whole) + (extent.keys - extent.queries)).unsqueeze(1);
  auto mask = at::ones({extent.queries, extent.keys}, whole.dtype(torch::kBool));  // (T_q, T_k)
  if (graph.left != graph::kUnlimited) mask = mask & (j >= i - graph.left);
  if (graph.right != graph::kUnlimited) mask = mask & (j <= i + graph.right);
  if (graph.global > 0) mask = mask | (j < graph.global) | (i < graph.global);
  if (graph.causal) mask = mask & (j <= i);
  return mask;
}

Tensor valid_rows(const Tensor& lengths, int64_t positions) {
  const auto t = at::arange(positions, lengths.options());
  return (t.unsqueeze(0) < lengths.unsqueeze(1)).view({-1, 1, positions, 1});
}

Tensor dense_mask(const Inputs& x) {
  const graph::Extent extent{x.queries, x.v.size(2)};
  auto mask = graph_mask(x.graph, extent, x.v.device()).view({1, 1, extent.queries, extent.keys});
  if (!x.lengths.defined()) return mask;
  const auto valid = valid_rows(x.lengths, extent.keys);  // (B, 1, T_k, 1)
  mask = mask & valid.transpose(2, 3);                    // (B, 1, T_q, T_k)
  if (extent.queries == extent.keys) mask = mask & valid;
  return mask;
}

Tensor allowed_keys(const Inputs& x, torch::ScalarType dtype) {
  const int64_t keys = x.v.size(2);
  const auto options = torch::TensorOptions().dtype(dtype).device(x.v.device());
  if (!x.graph.plain()) return dense_mask(x).sum(-1, true, dtype);
  if (x.graph.causal) {
    auto count = at::arange(keys - x.queries + 1, keys + 1, options).view({1, 1, x.queries, 1});
    if (x.lengths.defined()) count = at::minimum(count, x.lengths.to(dtype).view({-1, 1, 1, 1}));
    return count;
  }
  if (x.lengths.defined()) {
    return x.lengths.to(dtype).view({-1, 1, 1, 1}).expand({-1, 1, x.queries, 1});
  }
  return at::full({1, 1, x.queries, 1}, keys, options);
}

Tensor expand_heads(const Tensor& kv, int64_t heads) {
  if (!kv.defined() || kv.size(1) == heads) return kv;
  return kv.repeat_interleave(heads / kv.size(1), 1);
}

}  // namespace regard::attention
