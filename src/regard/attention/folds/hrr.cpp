#include "regard/attention/folds/hrr.hpp"

#include <ATen/ops/complex.h>
#include <ATen/ops/fft_fft.h>
#include <ATen/ops/fft_ifft.h>

#include <cmath>
#include <limits>

#include "regard/attention/folds/parts/streamed_hrr.hpp"
#include "regard/attention/fourier.hpp"
#include "regard/attention/hidden.hpp"
#include "regard/attention/rows.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/kept_constant.hpp"

namespace regard::attention::folds {
using torch::Tensor;

namespace {

void check_lengths(const Inputs& x) {
  if (x.queries != x.v.size(2)) {
    throw InputError(
        "hrr: as many queries as keys were expected (a token is compared with its own value), "
        "and " +
        std::to_string(x.queries) + " queries and " + std::to_string(x.v.size(2)) + " keys came");
  }
}

// The rows of E as sums over time: sum_j E_ij x_j for (B, h, T, c).
Tensor sum_over_graph(const Tensor& x, const Inputs& inputs) {
  if (!inputs.graph.plain()) {
    const graph::Extent extent{inputs.queries, inputs.queries};
    const auto mask = inputs.graph.edges() ? edge_mask(inputs.edges, extent, inputs.heads)
                                           : graph_mask(inputs.graph, extent, x.device());
    return sum_allowed(mask.to(x.scalar_type()), x);
  }
  return inputs.graph.causal() ? x.cumsum(2) : x.sum(2, true);
}

}  // namespace

namespace {

struct Direction {
  Tensor row, zero;
};

// x at length 1, and where it has none. No gradient goes through the length: the cosine does not
// see it.
Direction direction(const Tensor& x) {
  const double tiny = x.scalar_type() == torch::kDouble ? std::numeric_limits<double>::min()
                                                        : std::numeric_limits<float>::min();
  const auto square = (x.detach() * x.detach()).sum(-1, true);
  const auto zero = square < tiny;
  return {x / square.masked_fill(zero, 1.0).sqrt(), zero};
}

}  // namespace

Tensor safe_cosine(const Tensor& x, const Tensor& y) {
  const auto a = direction(x), b = direction(y);
  const auto zero = a.zero.logical_or(b.zero);
  const auto squares = (a.row * a.row).sum(-1, true) * (b.row * b.row).sum(-1, true);
  const auto dot = (a.row * b.row).sum(-1, true);
  return (dot * squares.masked_fill(zero, 1.0).rsqrt()).masked_fill(zero, 0.0);
}

namespace {

// S with its largest element at 1. The cosine does not see the factor, so no gradient goes through
// it.
Tensor of_unit_size(const Tensor& s) {
  const auto size = s.detach().abs().amax({-1}, true);
  return s / size.masked_fill(size == 0, 1.0);
}

}  // namespace

void Hrr::visit(Visitor& f) {
  f("unbind", unbind, "inverse of the query: index reversal, exact, or unit modulus",
    {"conj", "exact", "unit"});
  f("pads", pads, "whether padding enters the superposition", {"out", "in"});
  f("scale", scale, "time: row t times its number of allowed keys", {"none", "time"});
  f("memory", memory,
    "other: a control that reads the superposition of the sequence before it in the batch",
    {"own", "other"});
  f("mode", mode, "paper: as the released code, unbind=conj, pads=in, scale=none", {"", "paper"});
}

void Hrr::check() {
  if (mode != "paper") return;
  unbind = "conj";
  pads = "in";
  scale = "none";
  mode.clear();  // one spelling for one meaning
}

std::string Hrr::refusal(const graph::Graph& graph) const {
  const bool full = graph.plain() && !graph.causal();
  if (!graph.one_sequence()) {
    return "hrr compares each token with its own value, which needs queries and keys of one "
           "sequence";
  }
  if (graph.edges() && !graph.edges()->self) {
    return "hrr needs each token among its own keys, and these edges need not hold it";
  }
  if (pads == "in" && !full) {
    return "hrr with pads=in sums over the whole padded sequence, which only the full graph has";
  }
  if (memory == "other" && !full) {
    return "hrr with memory=other is a control for whole sequences, which only the full graph has";
  }
  return "";
}

Tensor Hrr::chosen_memory(const Tensor& s) const { return memory == "own" ? s : s.roll(1, 0); }

double Hrr::real_weight() const {
  return unbind == "conj" ? 2.0 : unbind == "exact" ? 1.0 : std::sqrt(2.0);
}

Tensor Hrr::read_out(const Tensor& q, const Tensor& s) const {
  auto query = q;
  if (unbind != "conj") {
    query = q * unit_factor(q.abs().amax({-1}, true));  // the cosine does not see it
    const auto inverse = inverse_modulus(query);
    query = query * inverse;
    if (unbind == "exact") query = query * inverse;
  }
  return slot_product(
      query, of_unit_size(s) * real_slot_weight(s.size(-1), real_weight(), s.options()), true);
}

namespace {

// The gate in the folded basis by plain tensor operations; fp32 or better inside.
struct Folded {
  Tensor e, z;  // (B, h, T, 1): e^a with padding zero, and its sum over the allowed keys
};

Folded gate(const Hrr& fold, const Inputs& x) {
  check_lengths(x);
  const auto type = sum_type(x.v.scalar_type());
  const auto q = x.q.to(type), v = expand_heads(x.v, x.heads).to(type);
  auto bindings = slot_product(expand_heads(x.k, x.heads).to(type), v, false);
  if (fold.pads == "out") bindings = clear_keys(bindings, x);
  const auto s = fold.chosen_memory(sum_over_graph(bindings, x));
  const auto e = clear_queries(safe_cosine(v, fold.read_out(q, s)).exp(), x);
  return {e, sum_over_graph(e, x)};
}

Tensor run_folded(const Hrr& fold, const Inputs& x) {
  const auto type = sum_type(x.v.scalar_type());
  const auto g = gate(fold, x);
  auto w = g.e / g.z.masked_fill(g.z == 0, 1.0);
  if (fold.scale == "time") w = w * allowed_keys(x, type);
  return (w * expand_heads(x.v, x.heads)).to(x.v.scalar_type());
}

ops::Support can_pair(const ops::Problem& p) {
  if (p.whole()) return ops::Support::yes();
  return ops::Support::no(
      "a token is compared with its own value, so as many queries as keys are needed");
}

ops::Support can_folded(const ops::Problem& p) {
  if (const auto pairs = can_pair(p); !pairs.ok) return pairs;
  if (p.graph.plain()) return ops::Support::yes();
  const double pairs = static_cast<double>(p.queries) * static_cast<double>(p.keys);
  const double bytes = pairs * (2.0 + static_cast<double>(c10::elementSize(sum_type(p.dtype))));
  if (bytes < 0.5 * ops::free_bytes(p.device)) return ops::Support::yes();
  return ops::Support::no("the dense mask of this graph takes " + human_bytes(bytes));
}

ops::Support can_fused(const Hrr& fold, const ops::Problem& p, torch::DeviceType device) {
  if (p.device != device) {
    return ops::Support::no(device == torch::kCPU ? "it runs on CPUs" : "it runs on CUDA GPUs");
  }
  if (const auto pairs = can_pair(p); !pairs.ok) return pairs;
  if (!p.graph.plain()) return ops::Support::no("the graph is " + p.graph.name());
  if (fold.memory != "own") return ops::Support::no("memory=other is a control");
  return ops::can_hrr(p, fold.kernel_options(p.graph.causal()));
}

Tensor run_fused(const Hrr& fold, const Inputs& x) {
  check_lengths(x);
  return ops::hrr(x.q, x.k, x.v, x.key_lengths, fold.kernel_options(x.graph.causal()));
}

// `run` works in the basis; q, k and v come and y goes in the usual domain. `wide`: a basis in 16
// bits would lose what an exact or unit inverse needs, so it is taken in fp32.
Run through_basis(Run run, bool wide) {
  return [run = std::move(run), wide](const Inputs& given) {
    const auto own = given.v.scalar_type(), type = wide ? sum_type(own) : own;
    const auto u =
        ops::kept_constant(fourier_basis(given.v.size(3)), given.v.options().dtype(type));
    Inputs x = given;
    for (auto* t : {&x.q, &x.k, &x.v}) *t = at::matmul(t->to(type), u);
    return at::matmul(run(x), u.t()).to(own);
  };
}

}  // namespace

ops::HrrOptions Hrr::kernel_options(bool causal) const {
  return {
      .causal = causal, .time_scale = scale == "time", .unbind = unbind, .pads_in = pads == "in"};
}

std::vector<Kernel> Hrr::kernels() const {
  auto kernels = basis_kernels();
  for (auto& kernel : kernels) {
    kernel.run = through_basis(std::move(kernel.run), unbind != "conj");
  }
  return kernels;
}

std::vector<Kernel> Hrr::basis_kernels() const {
  const auto fused = [this](torch::DeviceType device) {
    return [this, device](const ops::Problem& p) { return can_fused(*this, p, device); };
  };
  const auto run = [this](const Inputs& x) { return run_fused(*this, x); };
  return {{"highway", fused(torch::kCPU), run, true},
          {"cuda", fused(torch::kCUDA), run, true},
          {"folded", can_folded, [this](const Inputs& x) { return run_folded(*this, x); }}};
}

namespace {

// 1/F(q) = conj(F(q)) / |F(q)|^2, or conj(F(q)) / |F(q)|, up to a factor for each row, and 0 where
// F(q) vanishes: as kVanishing has it for the numbers of the real basis, in which pairs weigh
// sqrt(2).
Tensor inverse_spectrum(const Tensor& q, const std::string& unbind) {
  const auto weight = at::full({q.size(-1)}, std::sqrt(2.0), q.options());
  weight.narrow(0, 0, 1).fill_(1);
  if (q.size(-1) % 2 == 0) weight.narrow(0, q.size(-1) / 2, 1).fill_(1);
  const auto spectrum = at::fft_fft(q * unit_factor(q.abs().amax({-1}, true)));
  const auto square = at::real(spectrum * spectrum.conj());
  const auto parts = at::view_as_real(spectrum.detach()).abs().amax({-1}) * weight;
  const auto zero = square.detach().sqrt() * weight <= kVanishing * parts.amax({-1}, true);
  const auto safe = square.masked_fill(zero, 1.0);
  const auto inverse = unbind == "exact" ? safe.reciprocal() : safe.rsqrt();
  return spectrum.conj() * inverse.masked_fill(zero, 0.0);
}

}  // namespace

// The definition in the time domain, by FFTs of length d.
Tensor Hrr::reference(const Inputs& x, const Tensor& mask) const {
  check_lengths(x);
  const auto type = sum_type(x.v.scalar_type());
  const auto q = x.q.to(type), k = x.k.to(type), v = x.v.to(type);
  const auto allowed = mask.to(type);                                             // (B, 1, T, T)
  const auto self = mask.diagonal(0, 2, 3).unsqueeze(-1);                         // (B, 1, T, 1)
  const auto bindings = at::real(at::fft_ifft(at::fft_fft(k) * at::fft_fft(v)));  // (B, h, T, d)
  Tensor s;
  if (pads == "in") {
    s = bindings.sum(2, true);
  } else if (memory == "other") {  // rows of padding have no keys, and those who read may be longer
    s = clear_keys(bindings, x).sum(2, true);
  } else {
    s = sum_allowed(allowed, bindings);
  }
  s = chosen_memory(s);
  const auto query = unbind == "conj" ? at::fft_fft(q).conj() : inverse_spectrum(q, unbind);
  const auto read = query * at::fft_fft(of_unit_size(s));
  const auto a = safe_cosine(v, at::real(at::fft_ifft(read)));  // (B, h, T, 1)
  const auto e = a.exp() * self;
  const auto total = sum_allowed(allowed, e);
  auto w = e / total.masked_fill(total == 0, 1.0);
  if (scale == "time") w = w * allowed.sum(-1, true);
  return (w * v).to(x.v.scalar_type());
}

WeightMap Hrr::weights(const Inputs& given) const {
  Inputs x = given;
  const auto u = fourier_basis(x.v.size(3)).to(x.v.options());
  for (auto* t : {&x.q, &x.k, &x.v}) *t = at::matmul(*t, u);
  const auto g = gate(*this, x);
  const auto w = g.e / g.z.masked_fill(g.z == 0, 1.0) * allowed_keys(x, g.e.scalar_type());
  return {w.transpose(2, 3), true};
}

Cost Hrr::cost(const ops::Problem& p) const {
  const double elements = rows_of(p) * static_cast<double>(p.keys) * static_cast<double>(p.width);
  // Bind 3, unbind 3, three dot products 6, gate 2 operations a channel; v is read twice.
  return {14 * elements,
          io_bytes(p, uses()) + elements * static_cast<double>(c10::elementSize(p.dtype))};
}

namespace {

// State in the folded basis: S (d numbers) and Z (1 number) a head; a window keeps its last
// summands.
class HrrDecoder final : public Decoder {
 public:
  HrrDecoder(const Hrr& fold, const graph::Graph& graph, ReadRows read)
      : fold_(fold), graph_(graph), read_(std::move(read)) {}

  Tensor extend(const Tensor& q, const std::vector<Tensor>& rows, const Tensor&) override {
    const auto [k, v] = read_(rows, seen_);
    const auto options = v.options().dtype(sum_type(v.scalar_type()));
    const auto u = fourier_basis(v.size(3)).to(options);
    const auto folded = [&](const Tensor& x) {
      return at::matmul(expand_heads(x, q.size(1)).to(options), u);
    };
    const auto value = folded(v);
    const auto s = sums(bindings_, slot_product(folded(k), value, false));
    const auto e = safe_cosine(value, fold_.read_out(folded(q), s)).exp();
    auto w = e / sums(gates_, e);
    seen_ += q.size(2);
    if (fold_.scale == "time") w = w * keys_of_last(q.size(2), options);
    return (w * expand_heads(v, q.size(1))).to(v.scalar_type());
  }
  void select(const Tensor& examples) override {
    for (auto* t : {&bindings_, &gates_}) {
      if (t->defined()) *t = t->index_select(0, examples);
    }
  }
  int64_t bytes() const override {
    return bindings_.defined() ? static_cast<int64_t>(bindings_.nbytes() + gates_.nbytes()) : 0;
  }

 private:
  /// Sums over the keys of each new position, (B, h, T, c); `state` then holds the new ones too.
  Tensor sums(Tensor& state, const Tensor& next) const {
    const int64_t count = next.size(2);
    if (graph_.plain()) {
      const auto inside = count == 1 ? next : next.cumsum(2);
      const auto out = state.defined() ? state + inside : inside;
      state = out.narrow(2, count - 1, 1);
      return out;
    }
    auto history = state.defined() ? at::cat({state, next}, 2) : next;
    const auto* window = graph_.window();
    const bool bounded = window && window->left != graph::kUnlimited && window->global == 0;
    const int64_t reach = bounded ? window->left + count : history.size(2);
    if (history.size(2) > reach) history = history.narrow(2, history.size(2) - reach, reach);
    state = history;
    const auto mask = graph_mask(graph_, {count, history.size(2)}, history.device());
    return sum_allowed(mask.to(history.scalar_type()), history);
  }
  Tensor keys_of_last(int64_t count, const torch::TensorOptions& options) const {
    std::vector<double> counts;
    for (int64_t at = seen_ - count; at < seen_; ++at) {
      counts.push_back(graph_.pairs({1, at + 1}));
    }
    return at::tensor(counts, torch::kDouble).to(options).view({1, 1, count, 1});
  }

  const Hrr& fold_;
  graph::Graph graph_;
  ReadRows read_;
  Tensor bindings_, gates_;  // sums, or histories (B, h, t, d) and (B, h, t, 1) of a window
  int64_t seen_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> Hrr::make_decoder(const graph::Graph& graph, ReadRows read) const {
  return std::make_unique<HrrDecoder>(*this, graph, std::move(read));
}

Tensor Hrr::attend_in_basis(const Inputs& x) const {
  const auto kernels = basis_kernels();
  const auto& kernel = choose_kernel(kernels, problem_of(x), "hrr");
  ops::record_kernel("hrr:" + kernel.name);
  return kernel.run(x);
}

std::shared_ptr<StreamedFold> Hrr::streamed(StreamPlace place) const {
  if (memory != "own") return nullptr;
  return std::make_shared<StreamedHrr>(*this, std::move(place));
}

std::unique_ptr<Fold> make_hrr() { return std::make_unique<Hrr>(); }

}  // namespace regard::attention::folds
