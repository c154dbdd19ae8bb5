// The third axis: how scores become weights, and weights become an output row.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "regard/attention/decoder.hpp"
#include "regard/attention/hidden.hpp"
#include "regard/attention/inputs.hpp"
#include "regard/base/spec.hpp"
#include "regard/ops/dispatch.hpp"

namespace regard::attention {

/// A way to compute a fold: a name, when it applies, and the computation.
struct Kernel {
  std::string name;
  std::function<ops::Support(const ops::Problem&)> can;
  std::function<torch::Tensor(const Inputs&)> run;
  bool skips_padding = false;  // rows behind the lengths take no part in any product
};

/// Floating-point operations and compulsory bytes of one forward pass.
struct Cost {
  double flops = 0;
  double bytes = 0;
};

/// Weights for people to look at.
struct WeightMap {
  torch::Tensor values;  // (B, h, T_q, T_k), or (B, h, 1, T) of T * w where `gate`
  bool gate = false;
};

class Fold {
 public:
  virtual ~Fold() = default;

  virtual std::string summary() const = 0;
  virtual std::string equation() const = 0;
  virtual void visit(Visitor&) {}
  /// Throws InputError where options do not go together.
  virtual void check() {}

  virtual Uses uses() const { return {}; }
  /// Whether the fold has pairwise scores, to which a bias (ALiBi, relative) can be added, and pairwise
  /// weights, of which dropout can take some.
  virtual bool has_scores() const { return false; }
  /// Which keys a row depends on (attention/hidden.hpp).
  virtual Reach reach() const { return Reach::kKeys; }
  /// A sentence when this fold has no meaning on the graph, else "".
  virtual std::string refusal(const graph::Graph&) const { return ""; }
  /// Parameters of its own, given as Inputs::parameters.
  virtual std::vector<ParameterSpec> parameters(const Size&) const { return {}; }

  /// The definition: plain tensor operations, any dtype, differentiable. `mask` is boolean and broadcastable to
  /// (B, 1, T_q, T_k), true = may attend; a row without keys gives 0. q, k, v with h heads each.
  virtual torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const = 0;

  /// Ordered candidates besides the reference.
  virtual std::vector<Kernel> kernels() const { return {}; }

  virtual WeightMap weights(const Inputs& x) const;
  virtual Cost cost(const ops::Problem& p) const = 0;

  /// Generation on the graph, made causal; by default from a cache of all rows that it can still need.
  std::unique_ptr<Decoder> decoder(const graph::Graph& graph,
                                   ReadRows read = keys_and_values) const {
    return make_decoder(graph.causally(), std::move(read));
  }

 protected:
  virtual std::unique_ptr<Decoder> make_decoder(const graph::Graph& graph, ReadRows read) const;
};

/// The ordered table of candidates with their answers; `explain` prints it.
std::vector<ops::Candidate> candidates(const Fold& fold, const std::string& name,
                                       const ops::Problem& problem);

/// The first kernel that takes the problem, or the one that is forced; InputError with all reasons
/// where there is none.
const Kernel& choose_kernel(const std::vector<Kernel>& kernels, const ops::Problem& problem,
                            const std::string& name);

/// Chooses a kernel and runs it. y: (B, h, T_q, d).
torch::Tensor attend(const Fold& fold, const std::string& name, const Inputs& x);

/// `run`, which is what the kernel computes, where keys that a query may not meet reach no row.
torch::Tensor run_kernel(const Fold& fold, const Kernel& kernel, const Inputs& x, const Run& run);

/// Whether the reference with one dense mask fits, with the bytes that it would take.
ops::Support reference_fits(const ops::Problem& p);

/// weights (B, h, T_q, T_k) with the dropout that the call asks for.
torch::Tensor drop_weights(const torch::Tensor& weights, const Inputs& x);

}  // namespace regard::attention
