// Attention alone: q, k, v are heads of (B, T, H) buffers, as a layer makes them.
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "regard/attention/fourier.hpp"
#include "regard/base/error.hpp"
#include "regard/lab/bench/bench.hpp"
#include "regard/ops/attention/sdpa.hpp"

namespace regard::lab {
using torch::Tensor;

namespace {

// Backward passes by the convention of FlashAttention: two and a half times the operations, which
// counts the recomputation of scores, and twice the arrays where q and k take part.
constexpr double kBackwardFlops = 2.5;

struct Data {
  Tensor q, k, v, g;  // (B, h, T, d); g is the gradient of y
};

Data make_data(const BenchShape& s, const attention::Uses& uses, torch::Device device,
               torch::ScalarType dtype) {
  const auto make = [&](bool used) {
    if (!used) return Tensor();
    return torch::randn({s.batch, s.length, s.heads, s.width / s.heads},
                        torch::dtype(torch::kFloat).device(device))
        .to(dtype)
        .transpose(1, 2);
  };
  return {make(uses.q), make(uses.k), make(uses.v), make(true)};
}

/// `x` as `form` takes it: in the Fourier basis or not.
Data in_domain_of(const BenchForm& form, const Data& x) {
  if (!form.in_basis) return x;
  const auto u = attention::fourier_basis(x.v.size(3));
  const auto turn = [&](const Tensor& t) {
    if (!t.defined()) return t;
    const auto type = t.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
    const auto rows = t.transpose(1, 2).to(type);
    return at::matmul(rows, u.to(rows.options())).to(t.scalar_type()).transpose(1, 2);
  };
  return {turn(x.q), turn(x.k), turn(x.v), turn(x.g)};
}

std::vector<Tensor> leaves(Data& x) {
  std::vector<Tensor> used;
  for (auto* t : {&x.q, &x.k, &x.v}) {
    if (!t->defined()) continue;
    *t = t->detach().requires_grad_();
    used.push_back(*t);
  }
  return used;
}

/// y and the gradients of <g, y>, in float64 and in the usual domain.
std::vector<Tensor> evaluate(const BenchForm& form, Data x) {
  const auto inputs = leaves(x);
  const auto y = form.run(x.q, x.k, x.v);
  auto out = torch::autograd::grad({y}, inputs, {x.g});
  out.insert(out.begin(), y.detach());
  for (auto& t : out) {
    t = t.to(torch::kDouble).cpu();
    if (form.in_basis) t = at::matmul(t, attention::fourier_basis(t.size(-1)).t());
  }
  return out;
}

double distance(const Tensor& came, const Tensor& expected) {
  return ((came - expected).norm() / expected.norm()).item<double>();
}

/// Value and gradient against the reference of the form's own fold in float64, on at most 1 x 256
/// tokens.
void measure_error(const BenchSetting& setting, const BenchForm& form, BenchRow& row) {
  auto shape = row.shape;
  shape.batch = 1;
  shape.length = std::min<int64_t>(shape.length, 256);
  const auto phrase = attention::parse_phrase(form.phrase);
  const auto x = make_data(shape, phrase.fold->uses(), setting.device, setting.dtype);
  auto exact = x;
  for (auto* t : {&exact.q, &exact.k, &exact.v, &exact.g}) {
    if (t->defined()) *t = t->cpu().to(torch::kDouble);
  }
  try {
    const auto came = evaluate(form, in_domain_of(form, x));
    const auto expected = evaluate(reference_form(phrase), exact);
    row.error = distance(came[0], expected[0]);
    row.gradient_error = 0;
    for (std::size_t i = 1; i < came.size(); ++i) {
      row.gradient_error = std::max(row.gradient_error, distance(came[i], expected[i]));
    }
  } catch (const c10::Error&) {
    // The timing of the same form says what PyTorch refused.
  }
}

std::string kernel_name(const attention::Phrase& phrase, const attention::Inputs& x) {
  for (const auto& c :
       attention::candidates(*phrase.fold, phrase.fold_name, attention::problem_of(x))) {
    if (!c.chosen) continue;
    if (c.name != "sdpa") return c.name;
    return "sdpa:" + ops::sdpa_backend(x.q, x.k, x.v, {}, x.graph.causal());
  }
  return "";
}

void run_both(const BenchForm& form, const Data& x, const std::vector<Tensor>& inputs) {
  torch::autograd::grad({form.run(x.q, x.k, x.v)}, inputs, {x.g});
}

}  // namespace

std::vector<BenchRow> bench_attention(const BenchSetting& setting, const BenchShape& shape,
                                      const attention::Phrase& phrase) {
  torch::manual_seed(1);
  auto forms = setting.peers ? peer_forms(phrase) : std::vector<BenchForm>();
  forms.insert(forms.begin(), regard_form(phrase));
  std::vector<BenchRow> forward, both;
  std::vector<Contender> forward_runs, both_runs;
  for (const auto& form : forms) {
    const auto own = attention::parse_phrase(form.phrase);
    auto x = in_domain_of(form, make_data(shape, own.fold->uses(), setting.device, setting.dtype));
    const auto inputs = leaves(x);
    auto given = attention::make_inputs(x.q, x.k, x.v, own.graph->facts(false), "bench");
    BenchRow row;
    row.test = "forward";
    row.shape = shape;
    row.attention = phrase.canonical;
    row.implementation = form.name;
    const auto cost = own.fold->cost(attention::problem_of(given));
    row.flops = cost.flops;
    row.bytes = cost.bytes;
    row.floor = floor_together(setting.ceiling, row.flops, row.bytes);
    if (form.name == "regard") row.kernel = kernel_name(own, given);
    if (form.name.starts_with("PyTorch SDPA") && form.phrase != phrase.canonical) {
      row.kernel = "sdpa:" + ops::sdpa_backend(x.q, x.k, x.v, {}, given.graph.causal());
    }
    measure_error(setting, form, row);
    forward.push_back(row);
    forward_runs.push_back({[form, x] {
                              const torch::NoGradGuard no_grad;
                              form.run(x.q, x.k, x.v);
                            },
                            {},
                            {}});
    row.test = "forward + backward";
    row.flops *= 1 + kBackwardFlops;
    row.bytes *= own.fold->uses().count() == 3 ? 3 : 2;
    row.floor = floor_together(setting.ceiling, row.flops, row.bytes);
    both.push_back(row);
    both_runs.push_back({[form, x, inputs] { run_both(form, x, inputs); }, {}, {}});
  }
  auto rows = timed_rows(forward, forward_runs, setting.turns);
  for (const auto& row : timed_rows(both, both_runs, setting.turns)) rows.push_back(row);
  return rows;
}

}  // namespace regard::lab
