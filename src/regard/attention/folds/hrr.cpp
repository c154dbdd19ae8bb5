#include "regard/attention/folds/hrr.hpp"

#include <ATen/ops/complex.h>
#include <ATen/ops/fft_fft.h>
#include <ATen/ops/fft_ifft.h>

#include <cmath>
#include <limits>

#include "regard/attention/fourier.hpp"
#include "regard/attention/hidden.hpp"
#include "regard/attention/rows.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/hrr.hpp"

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
    const auto mask = graph_mask(inputs.graph, {inputs.queries, inputs.queries}, x.device());
    return sum_allowed(mask.to(x.scalar_type()), x);
  }
  return inputs.graph.causal ? x.cumsum(2) : x.sum(2, true);
}

}  // namespace

namespace {

struct Direction {
  Tensor row, zero;
};

// x at length 1, and where it has none. No gradient goes through the length: the cosine does not see it.
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

// S with its largest element at 1. The cosine does not see the factor, so no gradient goes through it.
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
  if (pads == "in" && (graph.banded() || graph.causal)) {
    return "hrr with pads=in sums over the whole padded sequence, which only the full graph has";
  }
  if (memory == "other" && (graph.banded() || graph.causal)) {
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

Tensor Hrr::basis(int64_t d) const { return fourier_basis(d); }

namespace {

// The gate in the folded basis by plain tensor operations; fp32 or better inside.
struct Folded {
  Tensor e, z;  // (B, h, T, 1): e^a with padding zero, and its sum over the allowed keys
};

Folded gate(const Hrr& fold, const Inputs& x) {
  check_lengths(x);
  const auto type = sum_type(x.v.scalar_type());
  const auto q = x.q.to(type), v = expand_heads(x.v, x.heads).to(type);
  auto bound = slot_product(expand_heads(x.k, x.heads).to(type), v, false);
  if (fold.pads == "out") bound = clear_padding(bound, x);
  const auto s = fold.chosen_memory(sum_over_graph(bound, x));
  const auto e = clear_padding(safe_cosine(v, fold.read_out(q, s)).exp(), x);
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
  if (p.queries == p.keys) return ops::Support::yes();
  return ops::Support::no(
      "a token is compared with its own value, so as many queries as keys are needed");
}

ops::Support can_folded(const ops::Problem& p) {
  if (const auto pairs = can_pair(p); !pairs.ok) return pairs;
  if (!p.graph.banded()) return ops::Support::yes();
  const double pairs = static_cast<double>(p.queries) * static_cast<double>(p.keys);
  const double bytes = pairs * (2.0 + static_cast<double>(c10::elementSize(sum_type(p.dtype))));
  if (bytes < 0.5 * ops::free_bytes(p.device)) return ops::Support::yes();
  return ops::Support::no("the dense mask of this window takes " + human_bytes(bytes));
}

ops::HrrOptions options_of(const Hrr& fold, bool causal) {
  return {.causal = causal,
          .time_scale = fold.scale == "time",
          .unbind = fold.unbind,
          .pads_in = fold.pads == "in"};
}

ops::Support can_fused(const Hrr& fold, const ops::Problem& p, torch::DeviceType device) {
  if (p.device != device) {
    return ops::Support::no(device == torch::kCPU ? "it runs on CPUs" : "it runs on CUDA GPUs");
  }
  if (const auto pairs = can_pair(p); !pairs.ok) return pairs;
  if (p.graph.banded()) return ops::Support::no("the graph is a window");
  if (fold.memory != "own") return ops::Support::no("memory=other is a control");
  return ops::can_hrr(p, options_of(fold, p.graph.causal));
}

Tensor run_fused(const Hrr& fold, const Inputs& x) {
  check_lengths(x);
  const auto options = options_of(fold, x.graph.causal);
  if (x.packed.value.defined()) return ops::hrr_packed(x.packed, x.lengths, options);
  return ops::hrr(x.q, x.k, x.v, x.lengths, options);
}

}  // namespace

std::vector<Kernel> Hrr::kernels() const {
  const auto fused = [this](torch::DeviceType device) {
    return [this, device](const ops::Problem& p) { return can_fused(*this, p, device); };
  };
  const auto run = [this](const Inputs& x) { return run_fused(*this, x); };
  return {{"highway", fused(torch::kCPU), run, true},
          {"cuda", fused(torch::kCUDA), run, true},
          {"folded", can_folded, [this](const Inputs& x) { return run_folded(*this, x); }}};
}

namespace {

// 1/F(q) = conj(F(q)) / |F(q)|^2, or conj(F(q)) / |F(q)|, up to a factor for each row, and 0 where F(q) vanishes: as
// kVanishing has it for the numbers of the real basis, in which pairs weigh sqrt(2).
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
  const auto allowed = mask.to(type);                                          // (B, 1, T, T)
  const auto self = mask.diagonal(0, 2, 3).unsqueeze(-1);                      // (B, 1, T, 1)
  const auto bound = at::real(at::fft_ifft(at::fft_fft(k) * at::fft_fft(v)));  // (B, h, T, d)
  Tensor s;
  if (pads == "in") {
    s = bound.sum(2, true);
  } else if (memory == "other") {  // rows of padding have no keys, and those who read may be longer
    s = clear_padding(bound, x).sum(2, true);
  } else {
    s = sum_allowed(allowed, bound);
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
  if (!x.in_basis) {
    const auto u = fourier_basis(x.v.size(3)).to(x.v.options());
    x.q = at::matmul(x.q, u);
    x.k = at::matmul(x.k, u);
    x.v = at::matmul(x.v, u);
  }
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

// State in the folded basis: S (d numbers) and Z (1 number) a head; a window keeps its last summands.
class HrrDecoder final : public Decoder {
 public:
  HrrDecoder(const Hrr& fold, const graph::Graph& graph) : fold_(fold), graph_(graph) {
    graph_.causal = true;
  }

  Tensor step(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor&) override {
    const auto options = v.options().dtype(sum_type(v.scalar_type()));
    const auto u = fourier_basis(v.size(3)).to(options);
    const auto folded = [&](const Tensor& x) {
      return at::matmul(expand_heads(x, q.size(1)).to(options), u);
    };
    const auto value = folded(v);
    push(bound_, slot_product(folded(k), value, false));
    const auto e = safe_cosine(value, fold_.read_out(folded(q), total(bound_))).exp();
    push(gates_, e);
    ++seen_;
    auto w = e / total(gates_);
    if (fold_.scale == "time") w = w * graph_.pairs({1, seen_});
    return (w * expand_heads(v, q.size(1))).to(v.scalar_type());
  }

 private:
  void push(Tensor& history, const Tensor& next) {
    if (!graph_.banded()) {
      history = history.defined() ? history + next : next;
    } else {
      history = history.defined() ? at::cat({history, next}, 2) : next;
      const int64_t size = history.size(2), reach = graph_.left + 1;
      if (graph_.global == 0 && size > reach) history = history.narrow(2, size - reach, reach);
    }
  }
  Tensor total(const Tensor& history) const {
    if (!graph_.banded()) return history;
    const auto mask = graph_mask(graph_, {1, history.size(2)}, history.device());
    return sum_allowed(mask.to(history.scalar_type()), history);
  }
  const Hrr& fold_;
  graph::Graph graph_;
  Tensor bound_, gates_;  // sums, or histories (B, h, t, d) and (B, h, t, 1) of a window
  int64_t seen_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> Hrr::decoder(const graph::Graph& graph) const {
  return std::make_unique<HrrDecoder>(*this, graph);
}

std::unique_ptr<Fold> make_hrr() { return std::make_unique<Hrr>(); }

}  // namespace regard::attention::folds
