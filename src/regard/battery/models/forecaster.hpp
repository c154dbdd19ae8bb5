// A trained run on disk: what `regard battery predict` needs. model.json and a
// cycles<n>.safetensors for each n.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "regard/battery/models/attention_life.hpp"
#include "regard/battery/models/capacity_prior.hpp"
#include "regard/battery/models/conformal.hpp"
#include "regard/battery/models/neighbourhood.hpp"

namespace regard::battery {

/// Everything that was learned for one number of early cycles.
struct Horizon {
  int64_t n = 0;
  std::shared_ptr<AttentionLife> model;
  Calibration calibration;
  Neighbourhood near;
  CapacityPrior capacity;
};

struct Forecast {
  std::string cell;
  std::string why;      // why there is none; then nothing below holds
  bool curves = false;  // from voltage curves; else from capacities alone
  int64_t n = 0;        // early cycles used
  PowerLaw curve;
  double threshold = kMissing;  // loss at which the life ends
  Life life;                    // at the threshold asked for, with the interval
  double distance = 0;
  bool outside = false;                        // out of distribution
  std::vector<double> cycle, loss, low, high;  // the whole curve and its band, up to 1.2 lives
};

class Forecaster {
 public:
  explicit Forecaster(AttentionLifeSpec spec, double level)
      : spec_(std::move(spec)), level_(level) {}
  void add(Horizon horizon) { horizons_.push_back(std::move(horizon)); }
  const std::vector<Horizon>& horizons() const { return horizons_; }

  /// With the largest trained n that the cell's record reaches. `threshold`: as parse_threshold
  /// takes it.
  Forecast forecast(const Cell& cell, const std::string& threshold) const;

  void save(const std::filesystem::path& folder) const;
  /// InputError when the folder holds no such run.
  static Forecaster load(const std::filesystem::path& folder);

 private:
  AttentionLifeSpec spec_;
  double level_;
  std::vector<Horizon> horizons_;  // n rising
};

}  // namespace regard::battery
