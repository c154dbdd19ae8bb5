// Spans that labels such as B-PER, I-PER, O mark, and their F1.
//
//   precision = right spans / predicted spans,  recall = right spans / true spans,  F1 = 2 p r / (p
//   + r)
//
// A span is right when its type, its first and its last token are. Spans are read as conlleval
// reads them (Tjong Kim Sang and De Meulder, CoNLL 2003), and seqeval's default mode with it: B, I,
// E, S and O are known, a span also begins at an I that no span of its type stands before, and F1
// is taken over all types together.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "regard/metrics/predictions.hpp"

namespace regard::metrics {

struct Span {
  std::string type;
  int64_t first = 0, last = 0;  // tokens, both included
  bool operator==(const Span&) const = default;
};

/// The spans of one sentence, in the order of their first tokens.
std::vector<Span> spans(const std::vector<std::string>& labels);

/// Whether the labels mark spans: each is O or begins with B-, I-, E- or S-, and a B- or S- is
/// among them.
bool mark_spans(const std::vector<std::string>& classes);

/// F1 of the spans in [0, 1]; 0 where neither truth nor prediction has one. The values index
/// `classes`.
double span_f1(const Predictions& predictions, const std::vector<std::string>& classes);

}  // namespace regard::metrics
