// Holographic attention over a sequence that comes in chunks: three readings of the keys, each with
// a state of fixed size.
//
//   bind    S = sum_j k_j (*) v_j            d numbers a head
//   gate    Z = sum_j e^{a_j}                1 number a head; needs S
//   apply   y_t = e^{a_t} / Z v_t            needs S and Z
//
// S and Z are summed in float64 over chunks, so the chunks may be of any size.
#pragma once

#include "regard/attention/folds/hrr.hpp"
#include "regard/attention/streamed.hpp"

namespace regard::attention::folds {

class StreamedHrr final : public StreamedFold {
 public:
  StreamedHrr(const Hrr& fold, StreamPlace place) : fold_(fold), place_(std::move(place)) {}

  int passes() const override { return kApply; }
  void set_pass(int pass) override { state_->pass = pass; }
  void set_rows(Rows rows) override { state_->rows = std::move(rows); }
  void clear() override;

  std::string summary() const override { return "hrr in chunks"; }
  std::string equation() const override { return fold_.equation(); }
  Uses uses() const override { return fold_.uses(); }
  torch::Tensor reference(const Inputs& x, const torch::Tensor& mask) const override {
    return fold_.reference(x, mask);
  }
  std::vector<Kernel> kernels() const override;
  Cost cost(const ops::Problem& p) const override { return fold_.cost(p); }

 private:
  enum Pass : int { kBind, kGate, kApply };
  struct State {
    int pass = kBind;
    Rows rows;
    torch::Tensor s, z;  // (1, h, 1, d) and (1, h, 1, 1), float64
    double keys = 0;     // rows that S holds
  };
  torch::Tensor run(const Inputs& x) const;
  torch::Tensor placed(const torch::Tensor& x) const;

  Hrr fold_;
  StreamPlace place_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace regard::attention::folds
