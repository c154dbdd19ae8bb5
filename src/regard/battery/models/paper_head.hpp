// The model of arXiv 2404.17174, in closed form: five scalar features are five tokens of width 1,
// one head.
//
//   q_i = x_i wq + bq    k_i = x_i wk + bk    v_i = x_i wv + bv                     wq, bq, ... in
//   R^2: 12 parameters
//   (A, B) = mean over i of sum_j softmax_j(q_i . k_j / sqrt(2)) v_j
//   life   = [exp(-A) (0.2 - C)]^(1/B)
//
// Trained cell by cell with Adam: first on mean[(A - A')^2 / 32, (B - B')^2], then on (life -
// life')^2. The output does not change when the features are permuted: no token knows which feature
// it is.
#pragma once

#include <array>
#include <span>

#include "regard/battery/models/model.hpp"

namespace regard::battery {

/// wq, bq, wk, bk, wv, bv, two numbers each.
using PaperWeights = std::array<double, 12>;
inline constexpr std::size_t kPaperFeatures = 5;

struct CurveShape {
  double a = 0, b = 0;
};

/// (A, B) of five features.
CurveShape paper_forward(const PaperWeights& weights, std::span<const double> features);

/// The gradient of ga * A + gb * B with respect to the weights.
PaperWeights paper_gradient(const PaperWeights& weights, std::span<const double> features,
                            double ga, double gb);

struct PaperTraining {
  int64_t epochs_shape = 800, epochs_life = 3000;
  double lr_shape = 1e-3;
  double lr_life = 5e-5;  // as published; 5e-4 makes the result depend less on the seed
};

class PaperHead final : public LifeModel {
 public:
  explicit PaperHead(const PaperTraining& training = {}) : training_(training) {}
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;
  bool random() const override { return true; }
  const PaperWeights& weights() const { return weights_; }

 private:
  PaperTraining training_;
  PaperWeights weights_{};
};

}  // namespace regard::battery
