#include "regard/data/readers/ladder.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "regard/base/error.hpp"
#include "regard/data/readers/split.hpp"

namespace regard::data {
namespace {

// Orders of batches lie apart from those of pairs.
constexpr uint64_t kBatchOrder = uint64_t{1} << 63;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Rung {
  std::vector<int64_t> members;  // increasing
  BatchShape shape;
  int64_t batches() const { return ceil_div(static_cast<int64_t>(members.size()), shape.rows); }
};

std::vector<int64_t> by_length(const std::vector<PairLength>& lengths) {
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto key = [&](int64_t i) {
    const auto& l = lengths[static_cast<std::size_t>(i)];
    return std::pair{std::max(l.source, l.target), l.source + l.target};
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return key(a) < key(b); });
  return order;
}

/// Where ranges may begin: pairs of one longer length stay together, and far more lengths than
/// rungs are joined, so that the search is short.
std::vector<int64_t> cuts(const std::vector<PairLength>& lengths,
                          const std::vector<int64_t>& order) {
  constexpr int64_t kMost = 256;
  std::vector<int64_t> at;
  const auto longer = [&](int64_t place) {
    const auto& l = lengths[static_cast<std::size_t>(order[static_cast<std::size_t>(place)])];
    return std::max(l.source, l.target);
  };
  const auto count = static_cast<int64_t>(order.size());
  const auto step = ceil_div(longer(count - 1) + 1, kMost);
  for (int64_t i = 0; i < count; ++i) {
    if (i == 0 || longer(i) / step != longer(i - 1) / step) at.push_back(i);
  }
  at.push_back(count);
  return at;
}

class Ladder final : public PairPlan {
 public:
  Ladder(const std::vector<PairLength>& lengths, BatchSize size, int64_t rungs, uint64_t seed)
      : size_(size), seed_(seed) {
    const auto order = by_length(lengths);
    const auto at = cuts(lengths, order);
    const auto places = static_cast<int64_t>(at.size()) - 1;
    std::vector<PairLength> longest(static_cast<std::size_t>(places));  // between two cuts
    for (std::size_t j = 0; j + 1 < at.size(); ++j)
      widen(lengths, order, at[j], at[j + 1], longest[j]);
    // cost[k][j]: positions of an epoch of the ranges before cut j in at most k rungs.
    const double none = std::numeric_limits<double>::infinity();
    const auto width = static_cast<std::size_t>(places) + 1;
    std::vector<double> before(width, none), now;
    before[0] = 0;
    std::vector<std::vector<int64_t>> from;
    for (int64_t k = 0; k < std::min(rungs, places); ++k) {
      now = before;
      from.emplace_back(width, int64_t{-1});  // -1: the rung is not used
      for (int64_t i = 0; i < places; ++i) {
        if (before[static_cast<std::size_t>(i)] == none) continue;
        PairLength most;
        for (int64_t j = i + 1; j <= places; ++j) {
          const auto& next = longest[static_cast<std::size_t>(j) - 1];
          most = {std::max(most.source, next.source), std::max(most.target, next.target)};
          const auto count = at[static_cast<std::size_t>(j)] - at[static_cast<std::size_t>(i)];
          const double cost = before[static_cast<std::size_t>(i)] + positions(most, count);
          if (cost < now[static_cast<std::size_t>(j)]) {
            now[static_cast<std::size_t>(j)] = cost;
            from.back()[static_cast<std::size_t>(j)] = i;
          }
        }
      }
      before = now;
    }
    for (auto [k, j] = std::pair{static_cast<int64_t>(from.size()) - 1, places}; j > 0; --k) {
      const auto i = from[static_cast<std::size_t>(k)][static_cast<std::size_t>(j)];
      if (i < 0) continue;
      add_rung(lengths, order, at[static_cast<std::size_t>(i)], at[static_cast<std::size_t>(j)]);
      j = i;
    }
    for (const auto& rung : rungs_) steps_ += rung.batches();
  }

  int64_t steps_per_epoch() const override { return steps_; }
  std::vector<int64_t> rows(int64_t step) const override { return at(step).rows; }
  BatchShape shape(int64_t step) const override { return rungs_[at(step).rung].shape; }

 private:
  struct Part {
    std::size_t rung = 0;
    std::vector<int64_t> rows;
  };

  static void widen(const std::vector<PairLength>& lengths, const std::vector<int64_t>& order,
                    int64_t begin, int64_t end, PairLength& most) {
    for (auto i = begin; i < end; ++i) {
      const auto& l = lengths[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
      most.source = std::max(most.source, l.source);
      most.target = std::max(most.target, l.target);
    }
  }

  BatchShape shape_of(const PairLength& most, int64_t count) const {
    const auto pair = std::max<int64_t>(1, most.source + most.target);
    if (size_.tokens == 0) return {size_.rows, most.source, most.target};
    // A budget of more rows than there are is not filled up with empty ones.
    return {std::min(size_.tokens / pair, count), most.source, most.target};
  }

  double positions(const PairLength& most, int64_t count) const {
    const auto shape = shape_of(most, count);
    if (shape.rows < 1) return std::numeric_limits<double>::infinity();
    return static_cast<double>(ceil_div(count, shape.rows) * shape.rows) *
           static_cast<double>(shape.source + shape.target);
  }

  void add_rung(const std::vector<PairLength>& lengths, const std::vector<int64_t>& order,
                int64_t begin, int64_t end) {
    PairLength most;
    widen(lengths, order, begin, end, most);
    Rung rung{{order.begin() + begin, order.begin() + end}, shape_of(most, end - begin)};
    std::sort(rung.members.begin(), rung.members.end());
    rungs_.push_back(std::move(rung));
  }

  Part at(int64_t step) const {
    const auto epoch = cache_.get(step / steps_, [&](int64_t e) { return make(e); });
    return (*epoch)[static_cast<std::size_t>(step % steps_)];
  }

  std::vector<Part> make(int64_t epoch) const {
    int64_t count = 0;
    for (const auto& rung : rungs_) count += static_cast<int64_t>(rung.members.size());
    // One permutation ranks all pairs, and each rung takes its members in that order.
    std::vector<int64_t> rank(static_cast<std::size_t>(count));
    int64_t place = 0;
    for (const auto i : shuffled(count, seed_, static_cast<uint64_t>(epoch)))
      rank[static_cast<std::size_t>(i)] = place++;
    std::vector<Part> parts;
    for (std::size_t r = 0; r < rungs_.size(); ++r) {
      auto members = rungs_[r].members;
      std::sort(members.begin(), members.end(), [&](int64_t a, int64_t b) {
        return rank[static_cast<std::size_t>(a)] < rank[static_cast<std::size_t>(b)];
      });
      const auto rows = static_cast<std::size_t>(rungs_[r].shape.rows);
      for (std::size_t begin = 0; begin < members.size(); begin += rows) {
        const auto end = std::min(begin + rows, members.size());
        parts.push_back({r,
                         {members.begin() + static_cast<std::ptrdiff_t>(begin),
                          members.begin() + static_cast<std::ptrdiff_t>(end)}});
      }
    }
    std::vector<Part> mixed;
    for (const auto i : shuffled(static_cast<int64_t>(parts.size()), seed_,
                                 static_cast<uint64_t>(epoch) | kBatchOrder))
      mixed.push_back(std::move(parts[static_cast<std::size_t>(i)]));
    return mixed;
  }

  BatchSize size_;
  uint64_t seed_;
  std::vector<Rung> rungs_;
  int64_t steps_ = 0;
  EpochCache<std::vector<Part>> cache_;
};

class Sweep final : public PairPlan {
 public:
  Sweep(const std::vector<PairLength>& lengths, int64_t rows) {
    const auto order = by_length(lengths);
    const auto step = static_cast<std::size_t>(rows);
    for (std::size_t begin = 0; begin < order.size(); begin += step) {
      const auto end = std::min(begin + step, order.size());
      rows_.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
      BatchShape shape{.rows = static_cast<int64_t>(end - begin)};
      for (const auto row : rows_.back()) {
        const auto& l = lengths[static_cast<std::size_t>(row)];
        shape.source = std::max(shape.source, l.source);
        shape.target = std::max(shape.target, l.target);
      }
      shapes_.push_back(shape);
    }
  }
  int64_t steps_per_epoch() const override { return static_cast<int64_t>(rows_.size()); }
  std::vector<int64_t> rows(int64_t step) const override {
    return rows_.at(static_cast<std::size_t>(step));
  }
  BatchShape shape(int64_t step) const override {
    return shapes_.at(static_cast<std::size_t>(step));
  }

 private:
  std::vector<std::vector<int64_t>> rows_;
  std::vector<BatchShape> shapes_;
};

}  // namespace

std::unique_ptr<PairPlan> ladder_plan(const std::vector<PairLength>& lengths, BatchSize size,
                                      int64_t rungs, uint64_t seed) {
  if (lengths.empty()) throw InputError("there is no pair to make a batch of");
  if (size.tokens == 0 && size.rows < 1) {
    throw InputError("a batch has at least 1 row, and " + std::to_string(size.rows) + " came");
  }
  int64_t longest = 0;
  for (const auto& l : lengths) longest = std::max(longest, l.source + l.target);
  if (size.tokens > 0 && longest > size.tokens) {
    throw InputError("a batch of " + std::to_string(size.tokens) +
                     " tokens, source and target together, does not hold the longest pair, " +
                     std::to_string(longest) + " tokens; raise it");
  }
  return std::make_unique<Ladder>(lengths, size, std::max<int64_t>(1, rungs), seed);
}

std::unique_ptr<PairPlan> pair_sweep(const std::vector<PairLength>& lengths, int64_t rows) {
  if (rows < 1)
    throw InputError("a batch has at least 1 row, and " + std::to_string(rows) + " came");
  return std::make_unique<Sweep>(lengths, rows);
}

}  // namespace regard::data
