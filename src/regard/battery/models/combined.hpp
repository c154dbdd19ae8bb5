// Models made of models: lives kept within what training has seen, and the mean of two.
#pragma once

#include <functional>

#include "regard/battery/models/model.hpp"

namespace regard::battery {

using MakeModel = std::function<std::unique_ptr<LifeModel>()>;

/// A model whose lives are kept to [min / margin, max * margin] of the training lives; B stays.
class LimitedLife final : public LifeModel {
 public:
  /// InputError unless margin >= 1.
  LimitedLife(std::unique_ptr<LifeModel> inner, double margin);
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;
  bool random() const override { return inner_->random(); }

 private:
  std::unique_ptr<LifeModel> inner_;
  double margin_, low_ = kMissing, high_ = kMissing;
};

/// The geometric mean of the lives and of the B of two models; kMissing where one has no life.
class MeanOfTwo final : public LifeModel {
 public:
  MeanOfTwo(std::unique_ptr<LifeModel> first, std::unique_ptr<LifeModel> second)
      : first_(std::move(first)), second_(std::move(second)) {}
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;
  bool random() const override { return first_->random() || second_->random(); }

 private:
  std::unique_ptr<LifeModel> first_, second_;
};

}  // namespace regard::battery
