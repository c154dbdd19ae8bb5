#include "regard/metrics/translation_scores.hpp"

#include <algorithm>

#include "regard/base/philox.hpp"

namespace regard::metrics {
namespace {

TranslationScores scores_of(const BleuCounts& words, const ChrfCounts& characters) {
  return {bleu(words), chrf(characters), chrf_plus_plus(characters)};
}

ScoreInterval interval(double value, std::vector<double> draws) {
  if (draws.empty()) return {value, value, value};
  std::sort(draws.begin(), draws.end());
  const auto at = [&](double share) {
    return draws[static_cast<std::size_t>(share * static_cast<double>(draws.size() - 1) + 0.5)];
  };
  return {value, at(0.025), at(0.975)};
}

}  // namespace

void TranslationCounts::add(std::string_view translation, std::string_view reference) {
  bleu_.push_back(bleu_counts(translation, reference));
  chrf_.push_back(chrf_counts(translation, reference));
}

TranslationScores TranslationCounts::scores() const {
  BleuCounts words;
  ChrfCounts characters;
  for (const auto& line : bleu_) words += line;
  for (const auto& line : chrf_) characters += line;
  return scores_of(words, characters);
}

TranslationIntervals TranslationCounts::intervals(int64_t resamples) const {
  std::vector<double> bleu, chrf, chrf_plus_plus;
  for (int64_t r = 0; r < resamples && !bleu_.empty(); ++r) {
    Random random(1, RandomStream::kBootstrap, static_cast<uint64_t>(r));
    BleuCounts words;
    ChrfCounts characters;
    for (std::size_t i = 0; i < bleu_.size(); ++i) {
      const auto line = random.below(bleu_.size());
      words += bleu_[line];
      characters += chrf_[line];
    }
    const auto drawn = scores_of(words, characters);
    bleu.push_back(drawn.bleu);
    chrf.push_back(drawn.chrf);
    chrf_plus_plus.push_back(drawn.chrf_plus_plus);
  }
  const auto all = scores();
  return {interval(all.bleu, bleu), interval(all.chrf, chrf),
          interval(all.chrf_plus_plus, chrf_plus_plus)};
}

}  // namespace regard::metrics
