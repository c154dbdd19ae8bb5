// The choice among all masses, a vector at a time.
#include "regard/theory/markov/walk.hpp"

// Without fused products, so that every processor gives the same numbers.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define REGARD_CLONES \
  __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3", "fp-contract=off")))
#else
#define REGARD_CLONES
#endif

namespace regard::markov {
namespace {

using Eight = double __attribute__((vector_size(64)));
constexpr int64_t kBlock = 64, kMostBlocks = 65536 / kBlock;

}  // namespace

namespace {

/// For few outcomes, which a vector would not fill.
int64_t choice_of_few(const double* w, const double* m, int64_t padded, double u) {
  double parts[kFewOutcomes];
  double total = 0;
  for (int64_t i = 0; i < padded; ++i) total += parts[i] = w[i] * m[i];
  double rest = u * total;
  int64_t found = -1;
  for (int64_t i = 0; i < padded; ++i) {
    if (parts[i] > 0) found = i;
    rest -= parts[i];
    if (rest < 0) return found;
  }
  return found;
}

}  // namespace

REGARD_CLONES
int64_t weighted_choice(const double* w, const double* m, int64_t padded, double u) {
  if (padded <= kFewOutcomes) return choice_of_few(w, m, padded, u);
  double sums[kMostBlocks];
  double total = 0;
  const int64_t blocks = padded / kBlock;
  for (int64_t b = 0; b < blocks; ++b) {
    Eight sum = {};
    for (int64_t i = b * kBlock; i < (b + 1) * kBlock; i += 8) {
      Eight x, y;
      __builtin_memcpy(&x, w + i, sizeof x);
      __builtin_memcpy(&y, m + i, sizeof y);
      sum += x * y;
    }
    sums[b] = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
    total += sums[b];
  }
  double rest = u * total;
  int64_t block = 0;
  while (block + 1 < blocks && rest >= sums[block]) rest -= sums[block++];
  int64_t found = -1;
  for (int64_t i = block * kBlock; i < (block + 1) * kBlock; ++i) {
    const double part = w[i] * m[i];
    if (part > 0) found = i;
    rest -= part;
    if (rest < 0) return found;
  }
  // Rounding ran past the end: the last outcome of this block, or of those before it, that can
  // occur.
  for (int64_t i = (block + 1) * kBlock - 1; found < 0 && i >= 0; --i) {
    if (w[i] * m[i] > 0) found = i;
  }
  return found;
}

}  // namespace regard::markov
