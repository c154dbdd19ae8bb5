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

class StreamedFold;
struct StreamPlace;

/// A way to compute a fold: a name, when it applies, and the computation.
struct Kernel {
  std::string name;
  std::function<ops::Support(const ops::Problem&)> can;
  std::function<torch::Tensor(const Inputs&)> run;
  bool skips_padding = false;  // rows behind the lengths take no part in any product
  bool drops = false;          // it draws the dropout of weights as the definition does
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
  /// Whether the fold has pairwise scores, to which a bias (ALiBi, relative) can be added, and
  /// pairwise weights, of which dropout can take some.
  virtual bool has_scores() const { return false; }
  /// Whether edges may carry log gates; without scores they are factors of the weights.
  virtual bool takes_gates() const { return has_scores(); }
  /// Whether the reference gives a row without the other rows, so that queries can be taken in
  /// chunks.
  virtual bool row_by_row() const { return true; }
  /// Numbers that the reference keeps for a pair and a head, in units of a score.
  virtual int64_t numbers_of_pair(int64_t /*width*/) const { return 1; }
  /// Which keys a row depends on (attention/hidden.hpp).
  virtual Reach reach() const { return Reach::kKeys; }
  /// A sentence when this fold has no meaning on the graph, else "".
  virtual std::string refusal(const graph::Graph&) const { return ""; }
  /// Parameters of its own, given as Inputs::parameters.
  virtual std::vector<ParameterSpec> parameters(const Size&) const { return {}; }

  /// The definition: plain tensor operations, any dtype, differentiable. `mask` is boolean and
  /// broadcastable to (B, h, T_q, T_k), true = may attend; a row without keys gives 0. q, k, v with
  /// h heads each.
  virtual torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const = 0;

  /// Ordered candidates besides the reference.
  virtual std::vector<Kernel> kernels() const { return {}; }

  virtual WeightMap weights(const Inputs& x) const;
  /// The weights on the edges of x, (B, h, C), without dropout; by default those of `weights`.
  virtual torch::Tensor edge_weights(const Inputs& x) const;
  /// By default that of pairwise weights: a score and a weighted value for each allowed pair.
  virtual Cost cost(const ops::Problem& p) const;

  /// The fold over a sequence that comes in chunks (attention/streamed.hpp), or nullptr.
  virtual std::shared_ptr<StreamedFold> streamed(StreamPlace place) const;
  /// The fold on q, k and v in a basis of the head's numbers that it prefers, y in it too; empty
  /// where it prefers none. It needs this object for as long as it lives.
  virtual std::function<torch::Tensor(const Inputs&)> in_own_basis() const { return nullptr; }

  /// Generation on the graph, made causal; by default from a cache of all rows that it can still
  /// need.
  /// InputError for a graph of edges.
  std::unique_ptr<Decoder> decoder(const graph::Graph& graph,
                                   ReadRows read = keys_and_values) const;

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

/// Whether the reference with one dense mask fits, with the bytes that it would take. With edges
/// the mask of a chunk of queries counts, where the fold takes these one after another.
ops::Support reference_fits(const ops::Problem& p, int64_t numbers_of_pair = 1,
                            bool row_by_row = false);

/// Queries of one chunk of the reference on edges: a function of the sizes alone, so that no bit
/// depends on free memory.
int64_t chunk_of_queries(const ops::Problem& p, int64_t numbers_of_pair);

/// weights (B, h, T_q, T_k) with the dropout that the call asks for.
torch::Tensor drop_weights(const torch::Tensor& weights, const Inputs& x);

/// What the dropout of the call multiplies the weight of each edge by, (B, h, C) of the type of
/// `like`.
torch::Tensor kept_edges(const torch::Tensor& like, const Inputs& x);

}  // namespace regard::attention
