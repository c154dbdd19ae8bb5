// chrF and chrF++ of translations against one reference each.
//
//   chrF = 100 (1 + b^2) p r / (b^2 p + r),   b = 2
//
// p, r: precision and recall of n-grams of characters without white space, averaged over n = 1 .. 6
// and, in chrF++, over n-grams of words, n = 1, 2; orders that one side has none of are left out.
// Equal to sacrebleu 2.6.0 with its defaults.
//
// Source: Popovic, WMT 2015 and WMT 2017.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace regard::metrics {

/// What chrF adds up over lines: six orders of characters, then two of words.
struct ChrfCounts {
  static constexpr std::size_t kCharacters = 6, kOrders = 8;
  std::array<int64_t, kOrders> matches{}, ngrams{}, reference{};

  ChrfCounts& operator+=(const ChrfCounts& other);
};

/// Of one line, both in UTF-8.
ChrfCounts chrf_counts(std::string_view translation, std::string_view reference);

/// Both in [0, 100].
double chrf(const ChrfCounts& counts);
double chrf_plus_plus(const ChrfCounts& counts);

}  // namespace regard::metrics
