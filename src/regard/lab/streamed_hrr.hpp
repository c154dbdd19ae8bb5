// Holographic attention over a sequence that comes in chunks: three readings of the keys, each with
// a state of fixed size.
//
//   bind    S = sum_j k_j (*) v_j            d numbers a head
//   gate    Z = sum_j e^{a_j}                1 number a head; needs S
//   apply   y_t = e^{a_t} / Z v_t            needs S and Z
//
// S and Z are summed in float64 over chunks, so the chunks may be of any size. It stands in a
// phrase where `hrr` stood.
#pragma once

#include <memory>

#include "regard/attention/folds/hrr.hpp"

namespace regard::lab {

/// Thrown by a layer that has read what it wanted, so that the layers above it are left out of this
/// reading.
struct LayerRead {};

class StreamedHrr final : public attention::Fold {
 public:
  enum class Reading { kBind, kGate, kApply };
  /// Where the rows of a chunk stand.
  struct Rows {
    int64_t first = 0;      // tokens before the chunk
    torch::Tensor weights;  // (n) float64: how often each row occurs; undefined: once
  };

  /// `rotary`: q and k come without positions, and are turned here; `cls`: each chunk has the CLS
  /// token as its first row.
  StreamedHrr(std::shared_ptr<const attention::folds::Hrr> fold, bool rotary, bool cls);

  /// The reading that the next chunks are for, and where each of them stands.
  void set(Reading reading) { state_->reading = reading; }
  void set(Rows rows) { state_->rows = std::move(rows); }
  /// Forgets S and Z.
  void clear();

  std::string summary() const override { return "hrr in chunks"; }
  std::string equation() const override { return fold_->equation(); }
  attention::Uses uses() const override { return fold_->uses(); }
  torch::Tensor reference(const attention::Inputs& x, const torch::Tensor& mask) const override {
    return fold_->reference(x, mask);
  }
  std::vector<attention::Kernel> kernels() const override;
  attention::Cost cost(const ops::Problem& p) const override { return fold_->cost(p); }

 private:
  struct State {
    Reading reading = Reading::kBind;
    Rows rows;
    torch::Tensor s, z;  // (1, h, 1, d) and (1, h, 1, 1), float64
    double keys = 0;     // rows that S holds
  };
  torch::Tensor run(const attention::Inputs& x) const;
  torch::Tensor place(const torch::Tensor& x) const;

  std::shared_ptr<const attention::folds::Hrr> fold_;
  bool rotary_, cls_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace regard::lab
