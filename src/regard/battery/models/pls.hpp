// Partial least squares of log10 life on a whole curve: dQ(V), or the tokens, which are shifts to
// three cycles (Wold, Sjostrom, Eriksson, 2001), one target.
//
//   w = X'y / |X'y|,  t = X w,  p = X't / t't,  q = y't / t't,  X <- X - t p',  y <- y - t q
//   for each component
//   coefficients = W (P'W)^-1 q
//
// Columns are standardised by the training cells. B is the median of the training cells.
#pragma once

#include "regard/battery/models/model.hpp"

namespace regard::battery {

enum class PlsInput { kDeltaQ, kTokens };

class PlsLife final : public LifeModel {
 public:
  explicit PlsLife(int64_t components, PlsInput input = PlsInput::kDeltaQ)
      : components_(components), input_(input) {}
  /// InputError when the cells have no such curve, or of different lengths.
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;

 private:
  int64_t components_;
  PlsInput input_;
  std::vector<double> mean_, scale_, weights_;
  double intercept_ = 0, b_ = kMissing;
};

}  // namespace regard::battery
