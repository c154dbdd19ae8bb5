// Associative recall: N / 4 keys, each followed by its value, then the same keys in a random order,
// each followed by a blank.
//
//   k7 v3  k2 v9  ...  k2 _  k7 _        the label of a key that asks is its value; no other token
//   has a label
//
// The planted edge of a key that asks leads to the place of its value. Keys of one sequence differ;
// values are drawn one by one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"

namespace regard::data {

struct RecallSpec {
  int64_t recall_length = 64;
  int64_t recall_keys = 0;
  int64_t recall_values = 16;
  void visit(Visitor& f) {
    f("recall_length", recall_length, "recall: tokens of a sequence, a multiple of 4");
    f("recall_keys", recall_keys, "recall: keys to draw from (0: as many as tokens)");
    f("recall_values", recall_values, "recall: values to draw from");
  }
  int64_t keys() const { return recall_keys > 0 ? recall_keys : recall_length; }
  /// InputError when no sequence satisfies the numbers.
  void check() const;
};

/// Tokens with what each of them has: a label or "", and the place that it should meet or -1.
struct RecallSequence {
  std::vector<std::string> tokens, labels;
  std::vector<int32_t> planted;
};

/// Sequence `index` = 1, 2, ...: a pure function of (spec, seed, index).
RecallSequence recall_sequence(const RecallSpec& spec, uint64_t seed, uint64_t index);

}  // namespace regard::data
