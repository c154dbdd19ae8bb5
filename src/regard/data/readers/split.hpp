// Which training examples are held out for validation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace regard::data {

struct Split {
  std::vector<int64_t> train, valid;  // increasing, disjoint, together all examples
};

/// Holds out round(fraction * n) of the n examples of each label, chosen by (seed, label). A label
/// with one example keeps it.
/// InputError when the fraction lies outside (0, 1) or nothing would be held out.
Split hold_out(std::span<const int32_t> labels, double fraction, uint64_t seed);

/// 0 .. count-1 in an order that is a pure function of (seed, epoch).
std::vector<int64_t> shuffled(int64_t count, uint64_t seed, uint64_t epoch);

}  // namespace regard::data
