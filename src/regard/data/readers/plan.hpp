// Which examples form the batch of a step, for training and for evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace regard::data {

class BatchPlan {
 public:
  virtual ~BatchPlan() = default;
  virtual int64_t steps_per_epoch() const = 0;
  /// Pure in (seed, step); safe to call from several threads.
  virtual std::vector<int64_t> rows(int64_t step) const = 0;
};

enum class Last { kKeep, kDrop };

/// Rows in a batch, or, when `tokens` > 0, as many as have at most `tokens` positions together with
/// their padding.
struct BatchSize {
  int64_t rows = 32;
  int64_t tokens = 0;
};

/// Batches of examples of like length. Every epoch holds each example once, in an order of its own.
///   rows:   the shuffled examples are cut into pools of 64 batches, each pool is sorted by length
///   and cut into batches.
///           kDrop leaves out the examples behind the last whole batch.
///   tokens: lengths are divided into ranges that differ by an eighth; each range is shuffled and
///   cut into batches of as many
///           rows as its longest example allows. The number of batches is the same in every epoch.
/// InputError when the budget does not hold the longest example.
std::unique_ptr<BatchPlan> bucketed_plan(std::vector<int64_t> lengths, BatchSize size,
                                         uint64_t seed, Last last);

/// Batches of exactly `rows` examples: the epochs, each a permutation, follow each other without a
/// gap.
std::unique_ptr<BatchPlan> endless_plan(int64_t count, int64_t rows, uint64_t seed);

/// Each example once, shortest first, equal lengths in their order.
std::unique_ptr<BatchPlan> sweep_plan(const std::vector<int64_t>& lengths, int64_t rows);

/// Keeps what was made for the last two epochs.
template <class T>
class EpochCache {
 public:
  template <class F>
  std::shared_ptr<const T> get(int64_t epoch, F&& make) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [known, value] : kept_) {
      if (known == epoch && value) return value;
    }
    kept_[0] = std::exchange(kept_[1], {epoch, std::make_shared<const T>(make(epoch))});
    return kept_[1].second;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::pair<int64_t, std::shared_ptr<const T>> kept_[2];
};

}  // namespace regard::data
