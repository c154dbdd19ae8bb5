// A text as sentences, shaded by what each does for an answer, with links between them as arcs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regard::report {

struct PassageSentence {
  std::string text;
  double effect = 0;  // above 0: it speaks for the answer
};

/// Between sentences a < b, counted from 0.
struct PassageLink {
  int64_t a = 0, b = 0;
  double weight = 0;  // its share of the width of an arc; 0 for all: arcs are alike
  double effect = 0;  // as of a sentence; 0: not known
};

struct Passage {
  std::vector<PassageSentence> sentences;
  std::vector<PassageLink> links;
  std::string unit;  // of effects, "log-odds"

  bool empty() const { return sentences.empty(); }
};

/// Arcs over numbered places, and the numbered sentences below them. Every text is escaped.
/// InputError for a link to a sentence that is not there.
std::string passage_html(const Passage& passage);

}  // namespace regard::report
