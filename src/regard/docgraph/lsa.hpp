// Latent semantic analysis (Deerwester et al. 1990) of sentences.
//
//   x_w = (1 + ln n_w) idf_w / |..|_2,   idf_w = ln((1 + N) / (1 + N_w)) + 1
//   X   (N, W) rows x of the training sentences;   V (W, r) eigenvectors of X^T X, largest first
//   vector = x V, the first r numbers; where X has a smaller rank the rest is 0
//
// N sentences, N_w of them with the word w. The sign of a column of V makes its largest entry
// positive. Eigenvectors by Spectra (implicitly restarted Lanczos).
#pragma once

#include <unordered_map>

#include "regard/docgraph/encoder.hpp"

namespace regard::docgraph {

/// Whether this build has Spectra; kNoSpectra says how to mend it.
bool has_spectra();
inline constexpr const char* kNoSpectra =
    "this build is without Spectra; mend: `apt-get install libspectra-dev`, then configure and "
    "build again";

class Lsa final : public Encoder {
 public:
  /// InputError without Spectra, and where no word is in `least` sentences.
  Lsa(const EncoderSpec& spec, std::span<const std::string> training);
  explicit Lsa(const EncoderState& state);
  std::vector<float> encode(std::span<const std::string> sentences) const override;
  EncoderState state() const override;

  /// Weighted counts of one sentence, columns increasing; of norm 1, or empty.
  std::vector<std::pair<int32_t, double>> row(std::string_view sentence) const;
  int64_t words() const { return static_cast<int64_t>(words_.size()); }

 private:
  void number_words();
  void learn_words(const EncoderSpec& spec, std::span<const std::string> training);
  void learn_basis(std::span<const std::string> training);

  int64_t width_ = 0;
  std::vector<std::string> words_;
  std::unordered_map<std::string, int32_t> index_;
  std::vector<double> idf_;   // (W)
  std::vector<float> basis_;  // (W, width)
};

}  // namespace regard::docgraph
