// The third axis: how scores become weights, and weights become an output row.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "regard/attention/hidden.hpp"
#include "regard/attention/inputs.hpp"
#include "regard/base/spec.hpp"
#include "regard/ops/dispatch.hpp"

namespace regard::attention {

/// Which of the three projections a fold reads; what it does not read is not created.
struct Uses {
  bool q = true;
  bool k = true;
  bool v = true;
  int count() const { return int{q} + int{k} + int{v}; }
};

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

/// Generation: one position after another, equal to the parallel form.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// q, k, v (B, h, 1, d) of the next position in the usual domain; bias (h, 1, positions so far) or
  /// undefined. Returns y (B, h, 1, d).
  virtual torch::Tensor step(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                             const torch::Tensor& bias) = 0;
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
  /// Whether the fold has pairwise scores, to which a bias (ALiBi, relative) can be added.
  virtual bool has_scores() const { return false; }
  /// Whether k is read by its sum bound to v alone (ops/bound_linear.hpp).
  virtual bool reads_bound() const { return false; }
  /// Which keys a row depends on (attention/hidden.hpp).
  virtual Reach reach() const { return Reach::kKeys; }
  /// Whether a basis in 16 bits would lose what the fold needs: then it is taken in fp32.
  virtual bool wide_basis() const { return false; }
  /// A sentence when this fold has no meaning on the graph, else "".
  virtual std::string refusal(const graph::Graph&) const { return ""; }

  /// The definition: plain tensor operations, any dtype, differentiable. `mask` is boolean and broadcastable to
  /// (B, 1, T_q, T_k), true = may attend; a row without keys gives 0. q, k, v in the usual domain, h heads each.
  virtual torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const = 0;

  /// Ordered candidates besides the reference.
  virtual std::vector<Kernel> kernels() const { return {}; }

  /// Orthogonal matrix (d, d): the fold computes on x U. Undefined: the usual domain.
  virtual torch::Tensor basis(int64_t) const { return {}; }

  virtual WeightMap weights(const Inputs& x) const;
  virtual Cost cost(const ops::Problem& p) const = 0;
  virtual std::unique_ptr<Decoder> decoder(const graph::Graph& graph) const;
};

/// The ordered table of candidates with their answers; `explain` prints it.
std::vector<ops::Candidate> candidates(const Fold& fold, const std::string& name,
                                       const ops::Problem& problem);

/// Chooses a kernel and runs it. y: (B, h, T_q, d).
torch::Tensor attend(const Fold& fold, const std::string& name, const Inputs& x);

/// Whether the reference with one dense mask fits, with the bytes that it would take.
ops::Support reference_fits(const ops::Problem& p);

}  // namespace regard::attention
