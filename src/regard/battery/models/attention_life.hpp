// Our model: an encoder over tokens with an identity, beside a linear path, as an ensemble.
//
//   (z_life, z_B) = W_h Trunk(tokens)_last + W_s [3 summary, patches / sqrt(32)]
//   log life = mean + sd z_life,   log B = mean + sd z_B;   A = ln(0.2 - C) - B ln(life - 1)
//
// The trunk is nn::Trunk with any phrase; the last token holds the summary. Half of the examples of
// a step are differences: tokens and targets of a cell minus those of another training cell (the
// inter-cell learning of fingertap/BatLiNet). A prediction is the mean of the plain one and of
// reference target + predicted difference over all training cells. Inputs are mixed in pairs (Zhang
// et al., mixup, 2018) and get noise.
// In the default ensemble, the linear path of every other member sees the summary alone.
#pragma once

#include <memory>

#include "regard/base/spec.hpp"
#include "regard/battery/models/model.hpp"
#include "regard/nn/trunk.hpp"
#include "regard/train/safetensors.hpp"

namespace regard::battery {

/// The table [model] of a battery recipe. Defaults were chosen by cross-validation on the 41
/// training cells.
struct AttentionLifeSpec {
  std::string phrase = "softmax";
  int64_t width = 8;
  int64_t layers = 1;
  int64_t heads = 2;
  int64_t mlp = 16;
  double dropout = 0.2;
  // What the linear path sees: all, summary, none; mixed: all, and in every other member the
  // summary.
  std::string linear = "mixed";
  double noise = 0.2;         // standard deviation added to standardised inputs
  double mix = 0.5;           // largest share of the other cell in a mixed input
  double pairs = 0.5;         // share of examples that are differences
  double shape_weight = 0.5;  // weight of the loss of log B beside that of log life
  int64_t steps = 400;
  double lr = 6e-3;
  double weight_decay = 0.3;
  double linear_decay = 0.05;
  int64_t members = 5;

  void visit(Visitor& f);
  void check() const;
};

struct LifeNetwork;

class AttentionLife final : public LifeModel {
 public:
  explicit AttentionLife(const AttentionLifeSpec& spec);
  ~AttentionLife() override;
  /// InputError when a cell has no tokens. Members are keyed by (seed, index) and train on one
  /// thread.
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;
  bool random() const override { return true; }

  /// Everything that predict needs, under "member<i>.", "mean", "scale", "target", "reference".
  train::NamedTensors state() const;
  /// What state() returned for the same specification.
  void load(const std::map<std::string, torch::Tensor>& tensors);
  int64_t parameters() const;  // of one member

 private:
  struct Inputs;
  Inputs standardised(const Examples& cells) const;
  void prepare(const Examples& train);

  AttentionLifeSpec spec_;
  std::vector<std::shared_ptr<LifeNetwork>> members_;
  torch::Tensor mean_, scale_;         // (F) of patches and summary
  torch::Tensor target_;               // (2, 2): mean and deviation of log life and of log B
  torch::Tensor reference_, answers_;  // (N, F) and (N, 2): the training cells, standardised
};

}  // namespace regard::battery
