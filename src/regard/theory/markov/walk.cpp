#include "regard/theory/markov/walk.hpp"

#include <algorithm>
#include <cmath>

#include "regard/theory/markov/alias.hpp"
#include "regard/theory/markov/large_array.hpp"

namespace regard::markov {
namespace {

/// The last tokens of a walk, at most `capacity` of them.
class Ring {
 public:
  explicit Ring(int64_t capacity) : places_(static_cast<std::size_t>(capacity)) {}
  int64_t size() const { return size_; }
  bool full() const { return size_ == static_cast<int64_t>(places_.size()); }
  /// `back` tokens before the last.
  uint16_t at(int64_t back) const {
    auto place = head_ - 1 - back;
    if (place < 0) place += static_cast<int64_t>(places_.size());
    return places_[static_cast<std::size_t>(place)];
  }
  uint16_t oldest() const { return at(size_ - 1); }
  uint16_t any(uint64_t place) const { return places_[place]; }  // of the first size() places
  void push(uint16_t token) {
    places_[static_cast<std::size_t>(head_)] = token;
    head_ = head_ + 1 == static_cast<int64_t>(places_.size()) ? 0 : head_ + 1;
    size_ = std::min(size_ + 1, static_cast<int64_t>(places_.size()));
  }

 private:
  std::vector<uint16_t> places_;
  int64_t head_ = 0, size_ = 0;
};

class ScanWalk final : public Walk {
 public:
  ScanWalk(const Kernel& kernel, uint64_t seed, uint64_t run)
      : Walk(kernel, seed, run),
        alpha_(kernel.rules().alpha()),
        mass_(static_cast<std::size_t>(kernel.stride())),
        power_(mass_),
        by_index_(kernel.rules().positions.by_index),
        by_distance_(kernel.rules().positions.by_distance),
        ring_(std::max<int64_t>(1, kernel.rules().reach())),
        bounded_(kernel.rules().window > 0 || !by_distance_.empty()) {
    for (const auto token : kernel.prompt()) take(token);
  }

  void run_to(int64_t length, uint16_t* out) override {
    while (length_ < length) {
      if (!by_distance_.empty()) weigh_places();
      const auto* weights = alpha_ == 1 ? mass_.data() : power_.data();
      const auto token = static_cast<uint16_t>(
          weighted_choice(kernel_.weights(last_), weights, kernel_.stride(), draws_.uniform()));
      take(token);
      if (out != nullptr) *out++ = token;
    }
  }

 private:
  double index_weight(int64_t index) const {
    const auto place = static_cast<std::size_t>(index);
    return place < by_index_.size() ? by_index_[place] : 1;
  }
  void take(uint16_t token) {
    if (bounded_) {
      if (ring_.full()) {
        const auto gone = ring_.oldest();
        --counts_[gone];
        add(gone, -index_weight(length_ - ring_.size()));
      }
      ring_.push(token);
    }
    ++counts_[token];
    add(token, index_weight(length_));
    last_ = token;
    ++length_;
  }
  void add(uint16_t token, double weight) {
    auto& mass = mass_[token];
    mass = counts_[token] == 0 ? 0 : mass + weight;
    if (alpha_ != 1) power_[token] = mass > 0 ? std::pow(mass, alpha_) : 0;
  }
  /// The masses anew, by the distance of each place.
  void weigh_places() {
    std::fill(mass_.begin(), mass_.end(), 0.0);
    const auto count = std::min(ring_.size(), static_cast<int64_t>(by_distance_.size()));
    for (int64_t back = 0; back < count; ++back)
      mass_[ring_.at(back)] +=
          by_distance_[static_cast<std::size_t>(back)] * index_weight(length_ - 1 - back);
    if (alpha_ == 1) return;
    for (std::size_t i = 0; i < mass_.size(); ++i)
      power_[i] = mass_[i] > 0 ? std::pow(mass_[i], alpha_) : 0;
  }

  double alpha_;
  std::vector<double> mass_, power_;
  std::vector<double> by_index_, by_distance_;
  Ring ring_;
  bool bounded_;
};

class RejectionWalk final : public Walk {
 public:
  RejectionWalk(const Kernel& kernel, uint64_t seed, uint64_t run, int64_t longest)
      : Walk(kernel, seed, run), ring_(capacity(kernel, longest)) {
    const auto& weights = kernel.rules().positions.by_distance;
    if (!weights.empty()) {
      AliasScratch scratch;
      offsets_.resize(weights.size());
      build_alias(weights, offsets_.data(), scratch);
    }
    mass_.resize(static_cast<std::size_t>(kernel.stride()));
    for (const auto token : kernel.prompt()) take(token);
  }

  void run_to(int64_t length, uint16_t* out) override {
    while (length_ < length) {
      const auto token = draw();
      take(token);
      if (out != nullptr) *out++ = token;
    }
  }

 private:
  static int64_t capacity(const Kernel& kernel, int64_t longest) {
    const auto reach = kernel.rules().reach();
    if (reach > 0) return reach;
    return std::max(longest, static_cast<int64_t>(kernel.prompt().size()));
  }
  uint16_t draw() {
    const auto* w = kernel_.weights(last_);
    const int64_t most = 64 + kernel_.support();
    for (int64_t trial = 0; trial < most; ++trial) {
      uint16_t token;
      if (offsets_.size() > 0) {
        const auto back =
            static_cast<int64_t>(draw_alias(offsets_.data(), offsets_.size(), draws_.bits64()));
        if (back >= ring_.size()) continue;
        token = ring_.at(back);
      } else {
        token = ring_.any(draws_.below(static_cast<uint64_t>(ring_.size())));
      }
      if (draws_.uniform() < w[token]) return token;
    }
    return scan();
  }
  /// After many refusals the next draw has the law that the first had, so an exact choice may take
  /// its place.
  uint16_t scan() {
    if (offsets_.size() > 0) {
      std::fill(mass_.begin(), mass_.end(), 0.0);
      const auto& weights = kernel_.rules().positions.by_distance;
      for (int64_t back = 0; back < ring_.size(); ++back)
        mass_[ring_.at(back)] += weights[static_cast<std::size_t>(back)];
    } else {
      for (std::size_t i = 0; i < counts_.size(); ++i) mass_[i] = static_cast<double>(counts_[i]);
    }
    return static_cast<uint16_t>(
        weighted_choice(kernel_.weights(last_), mass_.data(), kernel_.stride(), draws_.uniform()));
  }
  void take(uint16_t token) {
    if (ring_.full()) --counts_[ring_.oldest()];
    ring_.push(token);
    ++counts_[token];
    last_ = token;
    ++length_;
  }

  Ring ring_;
  std::vector<uint64_t> offsets_;  // alias table of the distances
  std::vector<double> mass_;
};

class AliasWalk final : public Walk {
 public:
  AliasWalk(const Kernel& kernel, uint64_t seed, uint64_t run, int64_t longest)
      : Walk(kernel, seed, run),
        history_(static_cast<std::size_t>(
            std::max(longest, static_cast<int64_t>(kernel.prompt().size())))),
        columns_(static_cast<std::size_t>(kernel.support())),
        entries_(columns_.size() * columns_.size()),
        weights_(columns_.size()) {
    for (const auto token : kernel.prompt()) take(token);
  }

  void run_to(int64_t length, uint16_t* out) override {
    while (length_ < length) {
      const auto token = draw();
      take(token);
      if (out != nullptr) *out++ = token;
    }
  }

 private:
  struct Column {
    double sum = 0;  // 0: no table yet, and all of the past counts as recent
    int64_t built = 0, refused = 0;
  };

  uint16_t draw() {
    auto& column = columns_[last_];
    const auto* w = kernel_.weights(last_);
    auto* table = entries_.data() + last_ * columns_.size();
    while (true) {
      // A table costs about as much as this many refusals, so no more than twice the least work is
      // done.
      if (8 * column.refused > kernel_.support()) build(column, w, table);
      const auto recent = static_cast<double>(length_ - column.built);
      if (recent == 0 || draws_.uniform() * (column.sum + recent) < column.sum)
        return static_cast<uint16_t>(draw_alias(table, columns_.size(), draws_.bits64()));
      const auto place = static_cast<std::size_t>(column.built) +
                         draws_.below(static_cast<uint64_t>(length_ - column.built));
      if (draws_.uniform() < w[history_[place]]) return history_[place];
      ++column.refused;
    }
  }
  void build(Column& column, const double* w, uint64_t* table) {
    for (std::size_t i = 0; i < weights_.size(); ++i)
      weights_[i] = w[i] * static_cast<double>(counts_[i]);
    column.sum = build_alias(weights_, table, scratch_);
    column.built = length_;
    column.refused = 0;
  }
  void take(uint16_t token) {
    history_[static_cast<std::size_t>(length_++)] = token;
    ++counts_[token];
    last_ = token;
  }

  LargeArray<uint16_t> history_;
  std::vector<Column> columns_;
  LargeArray<uint64_t> entries_;  // a table for each column
  std::vector<double> weights_;
  AliasScratch scratch_;
};

}  // namespace

Walk::Walk(const Kernel& kernel, uint64_t seed, uint64_t run)
    : kernel_(kernel), draws_(seed, run), counts_(static_cast<std::size_t>(kernel.support())) {}

std::unique_ptr<Walk> make_walk(const Kernel& kernel, uint64_t seed, uint64_t run,
                                int64_t longest) {
  if (kernel.sampler() == "alias") return std::make_unique<AliasWalk>(kernel, seed, run, longest);
  if (kernel.sampler() == "rejection")
    return std::make_unique<RejectionWalk>(kernel, seed, run, longest);
  return std::make_unique<ScanWalk>(kernel, seed, run);
}

}  // namespace regard::markov
