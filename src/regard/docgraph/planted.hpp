// Made documents whose label stands in a link between two sentences, and in no sentence and no
// count of words.
//
//   lookup   one sentence asks for an entity ("Where is entity7?"), one other has it, each of the
//            others an entity of its own; the label is the attribute of the sentence that has it
//   xor      two sentences have one entity, the others one of their own each; the label says
//            whether the attributes of the two differ
//
// Entities come from 64; the two attributes are equally frequent in each document (a sentence over
// has neither), so that means of sentence vectors and counts of words say nothing about the label.
#pragma once

#include "regard/docgraph/corpus.hpp"

namespace regard::docgraph {

struct PlantedSpec {
  std::string task = "lookup";
  int64_t documents = 4000;
  int64_t sentences = 10;
  int64_t seed = 1;

  void visit(Visitor& f);
  void check() const;
};

/// Classes "amber" and "blue" of lookup, "differ" and "same" of xor; `planted` of each document is
/// its pair.
Corpus planted_corpus(const PlantedSpec& spec);

}  // namespace regard::docgraph
