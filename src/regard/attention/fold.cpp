#include "regard/attention/fold.hpp"

#include "regard/attention/rows.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/kept_constant.hpp"

namespace regard::attention {
using torch::Tensor;

namespace {

// Keys and values seen so far; each step is one query against them. Keys that the graph can never need again
// are dropped.
class CacheDecoder final : public Decoder {
 public:
  CacheDecoder(const Fold& fold, const graph::Graph& graph) : fold_(fold), graph_(graph) {
    graph_.causal = true;
  }
  Tensor step(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& bias) override {
    const auto uses = fold_.uses();
    if (uses.k) keys_ = keys_.defined() ? at::cat({keys_, k}, 2) : k;
    values_ = values_.defined() ? at::cat({values_, v}, 2) : v;
    const bool bounded = graph_.left != graph::kUnlimited && graph_.global == 0;
    if (bounded && values_.size(2) > graph_.left + 1) {
      values_ = values_.narrow(2, values_.size(2) - graph_.left - 1, graph_.left + 1);
      if (uses.k) keys_ = keys_.narrow(2, keys_.size(2) - graph_.left - 1, graph_.left + 1);
    }
    auto x = make_inputs(uses.q ? q : Tensor(), keys_, values_, graph_, "decoder");
    x.queries = 1;
    if (bias.defined()) {
      x.bias = bias.narrow(-1, bias.size(-1) - values_.size(2), values_.size(2)).unsqueeze(0);
    }
    return attend(fold_, "decoder", x);
  }

 private:
  const Fold& fold_;
  graph::Graph graph_;
  Tensor keys_, values_;
};

Kernel reference_kernel(const Fold& fold) {
  return {"reference", reference_fits, [&fold](const Inputs& given) {
            Inputs x = given;
            x.k = expand_heads(x.k, x.heads);
            x.v = expand_heads(x.v, x.heads);
            return fold.reference(x, dense_mask(x));
          }};
}

std::vector<Kernel> table(const Fold& fold) {
  auto kernels = fold.kernels();
  kernels.push_back(reference_kernel(fold));
  return kernels;
}

std::vector<ops::Candidate> ask(const std::vector<Kernel>& kernels, const ops::Problem& problem) {
  std::vector<ops::Candidate> rows;
  for (const auto& kernel : kernels) rows.push_back({kernel.name, kernel.can(problem)});
  return rows;
}

// The first that can; the rest is asked only when none can, or one is forced, to give the reasons.
const Kernel& pick(const std::vector<Kernel>& kernels, const ops::Problem& problem,
                   const std::string& name) {
  if (ops::forced_kernel().empty()) {
    for (const auto& kernel : kernels) {
      if (kernel.can(problem).ok) return kernel;
    }
  }
  auto rows = ask(kernels, problem);
  return kernels[ops::choose(rows, ops::forced_kernel(), name)];
}

Inputs change_domain(Inputs x, const Tensor& u) {
  for (auto* t : {&x.q, &x.k, &x.v}) {
    if (t->defined()) *t = at::matmul(t->to(u.scalar_type()), u);
  }
  x.packed = {};
  x.in_basis = !x.in_basis;
  return x;
}

// The reference lives in the usual domain, every other kernel in the fold's own basis.
Tensor run_in_domain(const Fold& fold, const Kernel& kernel, const Inputs& x) {
  const auto u = fold.basis(x.v.size(3));
  if (!u.defined()) return kernel.run(x);
  const bool wants_basis = kernel.name != "reference";
  if (wants_basis == x.in_basis) return kernel.run(x);
  const auto type = fold.wide_basis() ? sum_type(x.v.scalar_type()) : x.v.scalar_type();
  const auto basis = ops::kept_constant(u, x.v.options().dtype(type));
  const auto y = kernel.run(change_domain(x, wants_basis ? basis : basis.t()));
  return at::matmul(y, wants_basis ? basis.t() : basis).to(x.v.scalar_type());
}

bool is_empty(const Inputs& x) { return x.v.numel() == 0 || x.queries == 0 || x.heads == 0; }

// Where a size is 0: no numbers at all, or rows without keys, which are 0. Gradients are 0 too.
Tensor attend_nothing(const Fold& fold, const Inputs& x) {
  const auto uses = fold.uses();
  const auto none = at::zeros({x.v.size(0), x.heads, x.queries, x.v.size(2)}, x.v.options());
  auto y = at::matmul(none, expand_heads(x.v, x.heads));
  if (uses.k) y = y + at::matmul(none, expand_heads(x.k, x.heads));
  if (uses.q) y = y + x.q.masked_fill(at::ones({}, x.q.options().dtype(torch::kBool)), 0.0);
  return y;
}

}  // namespace

ops::Support reference_fits(const ops::Problem& p) {
  // Scores, weights and their gradients are alive together in a training step.
  const double pairs = static_cast<double>(p.batch) * static_cast<double>(p.heads) *
                       static_cast<double>(p.queries) * static_cast<double>(p.keys);
  const double bytes = 4 * pairs * static_cast<double>(c10::elementSize(p.dtype));
  const double room = ops::free_bytes(p.device);
  if (bytes <= 0.9 * room) return ops::Support::yes();
  return ops::Support::no("one dense mask with its scores takes " + human_bytes(bytes) + ", and " +
                          human_bytes(room) + " are free");
}

std::vector<ops::Candidate> candidates(const Fold& fold, const std::string& name,
                                       const ops::Problem& problem) {
  auto rows = ask(table(fold), problem);
  try {
    ops::choose(rows, ops::forced_kernel(), name);
  } catch (const InputError&) {
    // Nothing fits: the rows carry the reasons, and none is marked.
  }
  return rows;
}

Tensor attend(const Fold& fold, const std::string& name, const Inputs& given) {
  const auto why = fold.refusal(given.graph);
  if (!why.empty()) throw InputError(name + ": " + why);
  if (given.bias.defined() && !fold.has_scores()) {
    throw InputError(name +
                     ": a bias was given, and this fold has no pairwise scores to add it to");
  }
  if (is_empty(given)) return attend_nothing(fold, given);
  const auto kernels = table(fold);
  const auto& kernel = pick(kernels, problem_of(given), name);
  ops::record_kernel(name + ":" + kernel.name);

  const auto run = [&](const Inputs& x) { return run_in_domain(fold, kernel, x); };
  const auto reach = fold.reach();
  const bool plain = reach == Reach::kAll || !hides_keys(given, kernel.skips_padding);
  return plain ? run(given) : run_without_hidden(given, reach, run);
}

WeightMap Fold::weights(const Inputs& given) const {
  // y = A v, so the weights are what the reference makes of v = identity.
  const auto fits = reference_fits(problem_of(given));
  if (!fits.ok) throw InputError("weights: " + fits.why);
  Inputs x = given;
  const int64_t keys = x.v.size(2);
  x.k = expand_heads(x.k, x.heads);
  x.v = at::eye(keys, x.v.options()).expand({x.v.size(0), x.heads, keys, keys});
  return {reference(x, dense_mask(x)), false};
}

std::unique_ptr<Decoder> Fold::decoder(const graph::Graph& graph) const {
  return std::make_unique<CacheDecoder>(*this, graph);
}

}  // namespace regard::attention
