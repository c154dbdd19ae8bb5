// A phrase names an attention: term { + term }, term = name [ (key=value, ...) ], at most one name
// from each axis.
//
//   softmax    window(width=256)    window(width=64)+hrr(scale=time)    off
//
// What is not named takes its default: separate, full, softmax.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "regard/attention/registry.hpp"

namespace regard::attention {

struct Phrase {
  std::string projection_name = "separate", graph_name = "full", fold_name = "softmax";
  std::shared_ptr<const Projection> projection;
  std::shared_ptr<const Graph> graph;
  std::shared_ptr<const Fold> fold;
  /// projection+graph+fold, defaults left out, keys in declared order: identifies a run.
  std::string canonical;
  /// As `canonical`, with what a causal call makes equal written equally.
  std::string causal_meaning;
};

/// Throws InputError: unknown name or option (with the nearest), two names of one axis, a
/// combination without meaning.
Phrase parse_phrase(std::string_view text);

/// Throws InputError when the phrase has no meaning for a causal call (a language model).
void check_meaning(const Phrase& phrase, bool causal);

/// Likewise for a call with a memory, whose queries are of one sequence and whose keys of another.
void check_meaning_across(const Phrase& phrase);

}  // namespace regard::attention
