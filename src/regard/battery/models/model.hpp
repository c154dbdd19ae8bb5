// What predicts the capacity-loss curve of a cell from its first cycles: one interface for all
// models.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "regard/battery/cell.hpp"
#include "regard/battery/curve.hpp"
#include "regard/battery/features.hpp"

namespace regard::battery {

/// The loss that ends a life in the Severson set, and in everything that is trained on it.
inline constexpr double kEndOfLife = 0.2;

/// One cell as models see it: what its first n cycles say, and what is to be learned from it.
struct Example {
  std::string name, batch;
  double c = kMissing;                // loss measured at the first cycle that is kept, cycle 2
  Features features;                  // by name; kMissing where there is no record
  std::vector<double> paper;          // (5) the features of arXiv 2404.17174 as published, or empty
  std::vector<double> delta_q;        // (V) Q_n - Q_10 (Ah), or empty
  std::vector<double> tokens;         // (kTokenPatches * kPatch), tokens.hpp, or empty
  std::vector<double> summary;        // (kSummary), or empty
  double life = kMissing;             // cycle life
  double a = kMissing, b = kMissing;  // of the curve fitted to the whole life
};
using Examples = std::vector<Example>;

/// `curve` reaches kEndOfLife at `life` cycles. kMissing where a model finds no such life.
struct Estimate {
  double life = kMissing;
  PowerLaw curve;
};

class LifeModel {
 public:
  virtual ~LifeModel() = default;
  /// Learns from cells with known life and curve. The same seed gives the same model.
  virtual void fit(const Examples& train, uint64_t seed) = 0;
  virtual std::vector<Estimate> predict(const Examples& cells) const = 0;
  /// False for a model that is the same for all seeds.
  virtual bool random() const { return false; }
};

/// The estimate of a model that predicts a life and B: C is measured, A follows.
Estimate estimate_through(double life, double b, double c);

std::vector<double> shapes_of(const Examples& cells);  // B of each cell

/// The mean of the training lives (the control of every table), with the median B.
class MeanLife final : public LifeModel {
 public:
  void fit(const Examples& train, uint64_t seed) override;
  std::vector<Estimate> predict(const Examples& cells) const override;

 private:
  double life_ = kMissing, b_ = kMissing;
};

}  // namespace regard::battery
