#include "regard/data/readers/plan.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "regard/base/error.hpp"
#include "regard/data/readers/split.hpp"

namespace regard::data {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

constexpr int64_t kPoolBatches = 64;
// Epochs of the order of batches lie apart from those of the order of examples.
constexpr uint64_t kBatchOrder = uint64_t{1} << 63;

void check_rows(int64_t rows) {
  if (rows < 1)
    throw InputError("a batch has at least 1 row, and " + std::to_string(rows) + " came");
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

void append_batches(const std::vector<int64_t>& order, int64_t rows, Batches& batches) {
  const auto step = static_cast<std::size_t>(rows);
  for (std::size_t begin = 0; begin < order.size(); begin += step) {
    const auto end = std::min(begin + step, order.size());
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                         order.begin() + static_cast<std::ptrdiff_t>(end));
  }
}

Batches in_random_order(Batches batches, uint64_t seed, int64_t epoch) {
  Batches mixed;
  mixed.reserve(batches.size());
  const auto count = static_cast<int64_t>(batches.size());
  for (const auto i : shuffled(count, seed, static_cast<uint64_t>(epoch) | kBatchOrder)) {
    mixed.push_back(std::move(batches[static_cast<std::size_t>(i)]));
  }
  return mixed;
}

class Epochs : public BatchPlan {
 public:
  int64_t steps_per_epoch() const override { return steps_; }
  std::vector<int64_t> rows(int64_t step) const override {
    const auto epoch = cache_.get(step / steps_, [&](int64_t e) { return make(e); });
    return (*epoch)[static_cast<std::size_t>(step % steps_)];
  }

 protected:
  virtual Batches make(int64_t epoch) const = 0;
  int64_t steps_ = 1;

 private:
  EpochCache<Batches> cache_;
};

class Pools final : public Epochs {
 public:
  Pools(std::vector<int64_t> lengths, int64_t rows, uint64_t seed, Last last)
      : lengths_(std::move(lengths)), rows_(rows), seed_(seed), last_(last) {
    const auto count = static_cast<int64_t>(lengths_.size());
    steps_ = last == Last::kDrop ? count / rows : ceil_div(count, rows);
    if (steps_ < 1) {
      throw InputError("there are " + std::to_string(count) + " examples, fewer than a batch of " +
                       std::to_string(rows));
    }
  }

 private:
  Batches make(int64_t epoch) const override {
    auto order =
        shuffled(static_cast<int64_t>(lengths_.size()), seed_, static_cast<uint64_t>(epoch));
    if (last_ == Last::kDrop) order.resize(static_cast<std::size_t>(steps_ * rows_));
    const auto pool = kPoolBatches * rows_;
    for (int64_t begin = 0; begin < static_cast<int64_t>(order.size()); begin += pool) {
      const auto end = std::min(begin + pool, static_cast<int64_t>(order.size()));
      std::stable_sort(order.begin() + begin, order.begin() + end, [&](int64_t a, int64_t b) {
        return lengths_[static_cast<std::size_t>(a)] < lengths_[static_cast<std::size_t>(b)];
      });
    }
    Batches batches;
    append_batches(order, rows_, batches);
    return in_random_order(std::move(batches), seed_, epoch);
  }

  std::vector<int64_t> lengths_;
  int64_t rows_;
  uint64_t seed_;
  Last last_;
};

class Budget final : public Epochs {
 public:
  Budget(const std::vector<int64_t>& lengths, int64_t tokens, uint64_t seed) : seed_(seed) {
    std::vector<int64_t> order(lengths.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    const auto length = [&](int64_t i) { return lengths[static_cast<std::size_t>(i)]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return length(a) < length(b); });
    const auto longest = length(order.back());
    if (longest > tokens) {
      throw InputError("a batch of " + std::to_string(tokens) +
                       " tokens does not hold the longest "
                       "example, " +
                       std::to_string(longest) + " tokens; raise it, or lower max_length");
    }
    steps_ = 0;
    for (std::size_t begin = 0; begin < order.size();) {
      const auto limit = length(order[begin]) + length(order[begin]) / 8;
      auto end = begin;
      while (end < order.size() && length(order[end]) <= limit) ++end;
      Range range{{order.begin() + static_cast<std::ptrdiff_t>(begin),
                   order.begin() + static_cast<std::ptrdiff_t>(end)},
                  tokens / std::max<int64_t>(1, length(order[end - 1]))};
      std::sort(range.members.begin(), range.members.end());
      steps_ += ceil_div(static_cast<int64_t>(range.members.size()), range.rows);
      ranges_.push_back(std::move(range));
      begin = end;
    }
  }

 private:
  struct Range {
    std::vector<int64_t> members;
    int64_t rows;
  };
  Batches make(int64_t epoch) const override {
    int64_t count = 0;
    for (const auto& range : ranges_) count += static_cast<int64_t>(range.members.size());
    // One permutation ranks all examples, and each range takes its members in that order.
    std::vector<int64_t> rank(static_cast<std::size_t>(count));
    int64_t place = 0;
    for (const auto i : shuffled(count, seed_, static_cast<uint64_t>(epoch))) {
      rank[static_cast<std::size_t>(i)] = place++;
    }
    Batches batches;
    for (auto range : ranges_) {
      std::sort(range.members.begin(), range.members.end(), [&](int64_t a, int64_t b) {
        return rank[static_cast<std::size_t>(a)] < rank[static_cast<std::size_t>(b)];
      });
      append_batches(range.members, range.rows, batches);
    }
    return in_random_order(std::move(batches), seed_, epoch);
  }

  uint64_t seed_;
  std::vector<Range> ranges_;
};

class Endless final : public BatchPlan {
 public:
  Endless(int64_t count, int64_t rows, uint64_t seed) : count_(count), rows_(rows), seed_(seed) {}
  int64_t steps_per_epoch() const override { return ceil_div(count_, rows_); }
  std::vector<int64_t> rows(int64_t step) const override {
    std::vector<int64_t> result;
    result.reserve(static_cast<std::size_t>(rows_));
    for (int64_t at = step * rows_; at < (step + 1) * rows_;) {
      const auto order = cache_.get(at / count_, [&](int64_t e) {
        return shuffled(count_, seed_, static_cast<uint64_t>(e));
      });
      const auto begin = at % count_;
      const auto n = std::min(count_ - begin, (step + 1) * rows_ - at);
      result.insert(result.end(), order->begin() + begin, order->begin() + begin + n);
      at += n;
    }
    return result;
  }

 private:
  int64_t count_, rows_;
  uint64_t seed_;
  EpochCache<std::vector<int64_t>> cache_;
};

class Sweep final : public BatchPlan {
 public:
  Sweep(const std::vector<int64_t>& lengths, int64_t rows) {
    std::vector<int64_t> order(lengths.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return lengths[static_cast<std::size_t>(a)] < lengths[static_cast<std::size_t>(b)];
    });
    append_batches(order, rows, batches_);
  }
  int64_t steps_per_epoch() const override { return static_cast<int64_t>(batches_.size()); }
  std::vector<int64_t> rows(int64_t step) const override {
    return batches_.at(static_cast<std::size_t>(step));
  }

 private:
  Batches batches_;
};

}  // namespace

std::unique_ptr<BatchPlan> bucketed_plan(std::vector<int64_t> lengths, BatchSize size,
                                         uint64_t seed, Last last) {
  if (lengths.empty()) throw InputError("there is no example to make a batch of");
  if (size.tokens > 0) return std::make_unique<Budget>(lengths, size.tokens, seed);
  check_rows(size.rows);
  return std::make_unique<Pools>(std::move(lengths), size.rows, seed, last);
}

std::unique_ptr<BatchPlan> endless_plan(int64_t count, int64_t rows, uint64_t seed) {
  if (count < 1) throw InputError("there is no example to make a batch of");
  check_rows(rows);
  return std::make_unique<Endless>(count, rows, seed);
}

std::unique_ptr<BatchPlan> sweep_plan(const std::vector<int64_t>& lengths, int64_t rows) {
  check_rows(rows);
  return std::make_unique<Sweep>(lengths, rows);
}

}  // namespace regard::data
