// Holographic attention (Hrrformer; Alam, Raff, Biderman, Oates, Holt, ICML 2023). Circular
// convolution (*), and per head:
//   S_i = sum_{j in E_i} k_j (*) v_j        superposition
//   a_i = cos(v_i, q_i^+ (*) S_i)           unbind with the own query, compare with the own value
//   y_i = e^{a_i} / sum_{j in E_i} e^{a_j} v_i
// The cosine with a zero vector is 0, and so is its gradient; whatever the scale of S, a vector is
// zero when its square is below the smallest normal number. An exact or unit inverse leaves out
// what vanishes in q (fourier.hpp, kVanishing). Each token must be among its own keys.
#pragma once

#include "regard/attention/fold.hpp"
#include "regard/ops/attention/hrr.hpp"

namespace regard::attention::folds {

class Hrr final : public Fold {
 public:
  std::string mode;             // "paper" sets conj, in, none
  std::string unbind = "conj";  // conj: index reversal; exact: 1/F(q); unit: conj(F(q))/|F(q)|
  std::string pads = "out";     // in: padding enters the superposition, as in the released code
  std::string scale = "none";   // time: row i times its number of allowed keys
  std::string memory = "own";   // other: S of the sequence before it in the batch, a control

  std::string summary() const override {
    return "holographic attention: bind, superpose, unbind, cosine, softmax over time (Alam et al. "
           "2023)";
  }
  std::string equation() const override {
    return "S = sum_j k_j (*) v_j, a_t = cos(v_t, q_t^+ (*) S), y_t = softmax_t(a) v_t";
  }
  void visit(Visitor& f) override;
  void check() override;
  bool row_by_row() const override { return false; }
  Reach reach() const override {
    return pads == "in" || memory == "other" ? Reach::kAll : Reach::kKeysOfKeys;
  }
  std::string refusal(const graph::Graph& graph) const override;
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override;
  std::vector<Kernel> kernels() const override;
  WeightMap weights(const Inputs& x) const override;
  Cost cost(const ops::Problem& p) const override;

  std::shared_ptr<StreamedFold> streamed(StreamPlace place) const override;
  std::function<torch::Tensor(const Inputs&)> in_own_basis() const override {
    return [this](const Inputs& x) { return attend_in_basis(x); };
  }

  /// The kernels on q, k and v in the folded Fourier basis (fourier.hpp), with y in it too. Those
  /// of `kernels()` change the basis before and after.
  std::vector<Kernel> basis_kernels() const;
  /// Chooses one of them and runs it.
  torch::Tensor attend_in_basis(const Inputs& x) const;
  /// The options of ops::hrr.
  ops::HrrOptions kernel_options(bool causal) const;

  /// S (B, ..) as `memory` has it.
  torch::Tensor chosen_memory(const torch::Tensor& s) const;

  /// Weight on the real slots when two bindings are taken in the folded basis: 2, 1 or sqrt(2).
  double real_weight() const;

  /// z (.., d) = the query's read-out of S in the folded basis, up to a factor that the cosine does
  /// not see.
  torch::Tensor read_out(const torch::Tensor& q, const torch::Tensor& s) const;

 protected:
  std::unique_ptr<Decoder> make_decoder(const graph::Graph& graph, ReadRows read) const override;
};

/// cos over the last axis, kept; 0 with gradient 0 where |x|^2 or |y|^2 is below the smallest
/// normal number.
torch::Tensor safe_cosine(const torch::Tensor& x, const torch::Tensor& y);

std::unique_ptr<Fold> make_hrr();

}  // namespace regard::attention::folds
