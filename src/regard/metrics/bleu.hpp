// BLEU of translations against one reference each.
//
//   BLEU = 100 min(1, exp(1 - r / c)) (p_1 p_2 p_3 p_4)^(1/4)
//
// p_n: share of the n-grams of the translations that their reference has, each as often as there;
// c, r: tokens of all translations, of all references. An order without a match counts as 1/2, 1/4,
// ... of a match. Tokens are those of mteval-v13a. Equal to sacrebleu 2.6.0 with its defaults.
//
// Source: Papineni, Roukos, Ward, Zhu, ACL 2002; Post, WMT 2018.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace regard::metrics {

/// What BLEU adds up over lines.
struct BleuCounts {
  static constexpr std::size_t kOrders = 4;
  std::array<int64_t, kOrders> matches{}, ngrams{};  // of the translation
  int64_t length = 0, reference_length = 0;          // tokens

  BleuCounts& operator+=(const BleuCounts& other);
};

/// Of one line, both in UTF-8.
BleuCounts bleu_counts(std::string_view translation, std::string_view reference);

/// In [0, 100].
double bleu(const BleuCounts& counts);

/// The tokens of a line with one blank between two.
std::string tokenize_13a(std::string_view line);

}  // namespace regard::metrics
