#include "regard/data/generators/recall.hpp"

#include <numeric>
#include <span>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"

namespace regard::data {
namespace {

// The first `count` are drawn without replacement (Fisher and Yates).
void shuffle(std::vector<int64_t>& items, std::size_t count, Random& random) {
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(items[i], items[i + random.below(items.size() - i)]);
  }
}

}  // namespace

void RecallSpec::check() const {
  const auto demand = [](bool right, const std::string& wanted, int64_t came) {
    if (!right)
      throw InputError("recall: " + wanted + " was expected, and " + std::to_string(came) +
                       " came");
  };
  constexpr int64_t kMost = int64_t{1} << 20;
  demand(recall_length >= 4 && recall_length <= kMost && recall_length % 4 == 0,
         "recall_length, a multiple of 4 from 4 to 1048576,", recall_length);
  demand(recall_values >= 2 && recall_values <= kMost, "recall_values of at least 2",
         recall_values);
  demand(recall_keys == 0 || (recall_keys >= recall_length / 4 && recall_keys <= kMost),
         "recall_keys of at least a quarter of recall_length", recall_keys);
}

RecallSequence recall_sequence(const RecallSpec& spec, uint64_t seed, uint64_t index) {
  Random random(seed, RandomStream::kRecall, index);
  const auto pairs = static_cast<std::size_t>(spec.recall_length / 4);
  std::vector<int64_t> keys(static_cast<std::size_t>(spec.keys()));
  std::iota(keys.begin(), keys.end(), int64_t{0});
  shuffle(keys, pairs, random);
  RecallSequence out;
  std::vector<std::string> values;
  const auto add = [&](std::string token, std::string label, int32_t planted) {
    out.tokens.push_back(std::move(token));
    out.labels.push_back(std::move(label));
    out.planted.push_back(planted);
  };
  const auto key = [&](std::size_t pair) { return "k" + std::to_string(keys[pair]); };
  for (std::size_t p = 0; p < pairs; ++p) {
    values.push_back("v" + std::to_string(random.below(static_cast<uint64_t>(spec.recall_values))));
    add(key(p), "", -1);
    add(values[p], "", -1);
  }
  std::vector<int64_t> order(pairs);
  std::iota(order.begin(), order.end(), int64_t{0});
  shuffle(order, pairs, random);
  for (const auto p : order) {
    const auto pair = static_cast<std::size_t>(p);
    add(key(pair), values[pair], static_cast<int32_t>(2 * p + 1));
    add("_", "", -1);
  }
  return out;
}

}  // namespace regard::data
