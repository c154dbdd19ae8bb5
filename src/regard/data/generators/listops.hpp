// ListOps of Long Range Arena: nested expressions over digits whose value, 0 to 9, is the label.
//
//   tree(depth) = digit                                with probability 3/4, and always at the
//   greatest depth
//               = [OP tree tree ... ]                  else, with 2 to 10 arguments
//
// OP is MIN, MAX, MED (the median, cut to a whole number) or SM (the sum modulo 10), all draws
// uniform. Trees are drawn until shortest < length < longest, where a digit counts 1 and an
// operator with its bracket 2: the number of tokens.
// Source of the rules: google-research/long-range-arena, lra_benchmarks/data/listops.py.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "regard/base/spec.hpp"

namespace regard::data {

/// The symbols by code: codes of trees are indices here.
inline constexpr std::array<std::string_view, 15> kListOpsSymbols = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "[MIN", "[MAX", "[MED", "[SM", "]"};
inline constexpr uint8_t kListOpsMin = 10, kListOpsMax = 11, kListOpsMed = 12, kListOpsSum = 13,
                         kListOpsEnd = 14;

struct ListOpsSpec {
  int64_t depth = 10;
  int64_t arguments = 10;
  int64_t shortest = 500;
  int64_t longest = 2000;
  void visit(Visitor& f) {
    f("depth", depth, "listops: greatest depth of a tree, its root counted");
    f("arguments", arguments, "listops: most arguments of an operator, from 2");
    f("shortest", shortest, "listops: trees are longer than this, in tokens");
    f("longest", longest, "listops: trees are shorter than this, in tokens");
  }
  /// InputError when no tree can satisfy the numbers, or they are out of range.
  void check() const;
};

/// Codes of the tokens of example `index` = 1, 2, ...: a pure function of (spec, seed, index), in
/// whole numbers alone, so that it is the same on every machine. Two indices share no random
/// number.
std::vector<uint8_t> listops_tree(const ListOpsSpec& spec, uint64_t seed, uint64_t index);

/// The value of an expression; InputError when the codes are none.
int listops_value(std::span<const uint8_t> codes);

/// "[MAX 2 [MIN 4 7 ] ]".
std::string listops_text(std::span<const uint8_t> codes);

/// As the files of Long Range Arena bracket it, one argument at a time: "( ( ( [MAX 2 ) ( ( ( [MIN
/// 4 ) 7 ) ] ) ) ] )".
std::string listops_bracketed(std::span<const uint8_t> codes);

/// The code of a symbol ("X", which Long Range Arena's loader writes for "]", is one too), or -1.
int listops_code(std::string_view symbol);

}  // namespace regard::data
