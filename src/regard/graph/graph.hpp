// Which pairs of positions may meet. A graph answers questions and owns no tensor:
//   allows(i, j)          is this entry alive?          (what lies inside a tile)
//   keys(first, last)     which keys do these queries need?   (which tiles to visit)
//   name()                what a kernel calls it where it refuses it
//
// The last query aligns with the last key: with fewer queries than keys (generation), query i sits at
// position i + (keys - queries).
//
// A graph is one of several kinds. A kernel takes the kinds that it names (plain, window) and refuses
// every other, so that a new kind is never taken for an old one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace regard::graph {

struct Extent {
  int64_t queries = 0;
  int64_t keys = 0;
};

struct Range {
  int64_t begin = 0;
  int64_t end = 0;  // one past the last
  int64_t size() const { return end - begin; }
};

/// How the positions of queries relate to those of keys.
enum class Alignment {
  kOneSequence,   // the queries are the last positions of the sequence of keys
  kTwoSequences,  // no common axis: causality, windows and biases by distance have no meaning
};

constexpr int64_t kUnlimited = -1;

/// A band around the diagonal: `left` keys before the query and `right` after it, besides itself; the
/// first `global` positions see and are seen by all.
struct Band {
  int64_t left = kUnlimited;
  int64_t right = kUnlimited;
  int64_t global = 0;
};

/// Pairs that only their predicate tells. The reference asks for each pair; no kernel takes it.
class Pattern {
 public:
  virtual ~Pattern() = default;
  /// After "the graph is ": "a tree".
  virtual std::string name() const = 0;
  virtual bool allows(int64_t query, int64_t key, Extent extent) const = 0;
};

/// One of the kinds below, with causality (j <= i) on top of it.
class Graph {
 public:
  using Kind = std::variant<Band, std::shared_ptr<const Pattern>>;

  Graph() = default;
  Graph(const Band& band, bool causal = false) : kind_(band), causal_(causal) {}
  Graph(std::shared_ptr<const Pattern> pattern, bool causal = false)
      : kind_(std::move(pattern)), causal_(causal) {}

  bool causal() const { return causal_; }
  Alignment alignment() const { return alignment_; }
  bool one_sequence() const { return alignment_ == Alignment::kOneSequence; }
  /// The same pairs, of which those with j <= i remain.
  Graph causally() const;
  /// The same pairs, between the positions of two sequences.
  Graph across() const;
  /// All pairs, or all that causality allows.
  bool plain() const;
  /// The band, where it leaves out pairs that causality would allow; else nullptr.
  const Band* window() const;
  /// After "the graph is ": "full", "causal", "a window".
  std::string name() const;
  /// Why the graph has no meaning between two sequences, where it is asked for there; else "".
  std::string refusal() const;

  bool allows(int64_t query, int64_t key, Extent extent) const;
  /// The smallest range that holds every key that queries [first, last) may meet.
  Range keys(int64_t first, int64_t last, Extent extent) const;
  /// Number of allowed pairs, for costs: in closed form where there is one, exact below 2^53.
  double pairs(Extent extent) const;

 private:
  Kind kind_;
  bool causal_ = false;
  Alignment alignment_ = Alignment::kOneSequence;
};

Graph full();
Graph causal();
/// |i - j| < width; causal: the query and the width - 1 keys before it.
Graph window(int64_t width);

}  // namespace regard::graph
