// Which pairs of positions may meet. A graph answers questions and owns no tensor:
//   allows(i, j)          is this entry alive?          (what lies inside a tile)
//   keys(first, last)     which keys do these queries need?   (which tiles to visit)
//   edges()               are the pairs data, and what is known of them without it?
//   name()                what a kernel calls it where it refuses it
//
// The last query aligns with the last key: with fewer queries than keys (generation), query i sits at
// position i + (keys - queries).
//
// A graph is one of several kinds. A kernel takes the kinds that it names (plain, window, edges)
// and
// refuses every other, so that a new kind is never taken for an old one.
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

/// Pairs that data names or a model learns. Here stands what is known without them; the pairs
/// themselves are
/// beside the graph (graph/edge_list.hpp on the host, attention/edges.hpp as tensors).
struct Edges {
  int64_t per_query = 0;  // most keys of a query, itself among them; 0: the data decides
  bool self = true;       // each query meets its own position
  bool learned = false;   // chosen by a module of the model, anew for each batch
  bool in_batch = false;  // the batch brings them
};

/// One of the kinds below, with causality (j <= i) on top of it.
class Graph {
 public:
  using Kind = std::variant<Band, std::shared_ptr<const Pattern>, Edges>;

  Graph() = default;
  Graph(const Band& band, bool causal = false) : kind_(band), causal_(causal) {}
  Graph(std::shared_ptr<const Pattern> pattern, bool causal = false)
      : kind_(std::move(pattern)), causal_(causal) {}
  Graph(const Edges& edges, bool causal = false) : kind_(edges), causal_(causal) {}

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
  /// What is known of the edges, where the graph is edges; else nullptr.
  const Edges* edges() const { return std::get_if<Edges>(&kind_); }
  /// After "the graph is ": "full", "causal", "a window", "edges".
  std::string name() const;
  /// Why the graph has no meaning between two sequences, where it is asked for there; else "".
  std::string refusal() const;

  /// Of edges: whether causality allows the pair, which the data may still leave out.
  bool allows(int64_t query, int64_t key, Extent extent) const;
  /// The smallest range that holds every key that queries [first, last) may meet.
  Range keys(int64_t first, int64_t last, Extent extent) const;
  /// Number of allowed pairs, for costs: in closed form where there is one, exact below 2^53; of
  /// edges the most
  /// that there may be.
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
