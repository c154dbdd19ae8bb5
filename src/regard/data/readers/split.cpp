#include "regard/data/readers/split.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/base/text.hpp"

namespace regard::data {
namespace {

void fisher_yates(std::vector<int64_t>& items, Random random) {
  for (std::size_t i = items.size(); i > 1; --i) {
    std::swap(items[i - 1], items[static_cast<std::size_t>(random.below(i))]);
  }
}

}  // namespace

Split hold_out(std::span<const int32_t> labels, double fraction, uint64_t seed) {
  if (!(fraction > 0 && fraction < 1)) {
    throw InputError("valid_fraction lies between 0 and 1, and " + shortest(fraction) + " came");
  }
  const auto most = labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end()) + 1;
  std::vector<std::vector<int64_t>> by_label(static_cast<std::size_t>(most));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    by_label[static_cast<std::size_t>(labels[i])].push_back(static_cast<int64_t>(i));
  }
  Split split;
  for (std::size_t label = 0; label < by_label.size(); ++label) {
    auto& rows = by_label[label];
    fisher_yates(rows, Random(seed, RandomStream::kSplit, label));
    const auto n = static_cast<double>(rows.size());
    auto held = static_cast<std::size_t>(std::lround(fraction * n));
    if (!rows.empty()) held = std::min(held, rows.size() - 1);
    split.valid.insert(split.valid.end(), rows.begin(),
                       rows.begin() + static_cast<std::ptrdiff_t>(held));
    split.train.insert(split.train.end(), rows.begin() + static_cast<std::ptrdiff_t>(held),
                       rows.end());
  }
  if (split.valid.empty()) {
    throw InputError("valid_fraction " + shortest(fraction) + " of " +
                     std::to_string(labels.size()) +
                     " examples holds out none; name validation data (--valid) or raise it");
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.valid.begin(), split.valid.end());
  return split;
}

std::vector<int64_t> shuffled(int64_t count, uint64_t seed, uint64_t epoch) {
  std::vector<int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  fisher_yates(order, Random(seed, RandomStream::kShuffle, epoch));
  return order;
}

}  // namespace regard::data
