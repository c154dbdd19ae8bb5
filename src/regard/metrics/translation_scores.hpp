// The three scores of translations together, and how sure they are.
#pragma once

#include <string_view>
#include <vector>

#include "regard/metrics/bleu.hpp"
#include "regard/metrics/chrf.hpp"

namespace regard::metrics {

struct TranslationScores {
  double bleu = 0, chrf = 0, chrf_plus_plus = 0;  // in [0, 100]
};

struct ScoreInterval {
  double value = 0, low = 0, high = 0;
};

struct TranslationIntervals {
  ScoreInterval bleu, chrf, chrf_plus_plus;
};

/// What the scores need of each line.
class TranslationCounts {
 public:
  void add(std::string_view translation, std::string_view reference);
  std::size_t lines() const { return bleu_.size(); }
  TranslationScores scores() const;
  /// With intervals that hold 95 % of the scores of `resamples` draws of as many lines, always the
  /// same draws (Koehn, EMNLP 2004).
  TranslationIntervals intervals(int64_t resamples = 1000) const;

 private:
  std::vector<BleuCounts> bleu_;
  std::vector<ChrfCounts> chrf_;
};

}  // namespace regard::metrics
