// Pairs of texts, a source and its target, in batches of few shapes (readers/ladder.hpp):
//
//   inputs          (R, S)  source, then its end
//   target.inputs   (R, T)  begin, then the target
//   targets         (R, T)  the target, then its end; -1: no target
//
// Lengths are always there, so that batches of one shape are alike; rows behind the pairs of a
// batch are empty.
#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/data/dataset.hpp"
#include "regard/data/prefetch.hpp"
#include "regard/data/readers/ladder.hpp"

namespace regard::data {
namespace {

// The most shapes of an epoch.
constexpr int64_t kRungs = 16;

struct Pairs {
  std::vector<int32_t> tokens[2];   // sources and targets
  std::vector<int64_t> offsets[2];  // (N + 1) each
  int32_t begin = -1, end = -1;
  bool targets = false;
  Examples examples;
  double unknown = 0;

  int64_t size() const { return static_cast<int64_t>(offsets[0].size()) - 1; }
  int64_t length(int side, int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    return offsets[side][at + 1] - offsets[side][at];
  }
  const int32_t* first(int side, int64_t i) const {
    return tokens[side].data() + offsets[side][static_cast<std::size_t>(i)];
  }
  /// With the end, or the beginning.
  std::vector<PairLength> lengths() const {
    std::vector<PairLength> all;
    for (int64_t i = 0; i < size(); ++i)
      all.push_back({length(0, i) + 1, targets ? length(1, i) + 1 : 0});
    return all;
  }
};

// Nothing is cut: half a sentence has another translation.
void check_fits(int64_t length, int64_t most, const char* what) {
  if (length <= most) return;
  throw InputError(std::string(what) + " of at most max_length = " + std::to_string(most) +
                   " tokens with its end was expected, and one of " + std::to_string(length) +
                   " came");
}

Pairs pack_pairs(const Examples& examples, const Encoding& encoding) {
  Pairs pairs;
  pairs.begin = encoding.begin;
  pairs.end = encoding.end;
  pairs.targets = examples.pairs;
  pairs.examples = examples;
  pairs.offsets[0] = pairs.offsets[1] = {0};
  const char* const names[] = {"a source", "a target"};
  for (int64_t i = 0; i < examples.size(); ++i) {
    std::array<std::string_view, 2> texts{examples.documents[i], {}};
    if (examples.pairs) texts = examples.texts(i);
    for (int side = 0; side < 2; ++side) {
      auto& tokens = pairs.tokens[side];
      const auto before = tokens.size();
      try {
        encoding.tokenizer->encode(texts[static_cast<std::size_t>(side)], tokens);
        check_fits(static_cast<int64_t>(tokens.size() - before) + 1, encoding.max_length,
                   names[side]);
      } catch (const InputError& error) {
        throw InputError(examples.place(i) + ": " + error.what());
      }
      pairs.offsets[side].push_back(static_cast<int64_t>(tokens.size()));
    }
  }
  for (const auto& tokens : pairs.tokens) {
    pairs.unknown = std::max(pairs.unknown, share_of_unknown(tokens, encoding));
  }
  return pairs;
}

enum class Kind { kTraining, kSweep };

class PairStream final : public Stream {
 public:
  PairStream(std::shared_ptr<const Pairs> data, std::unique_ptr<PairPlan> plan, Kind kind,
             torch::Device device)
      : data_(std::move(data)), plan_(std::move(plan)), kind_(kind), device_(device) {}

  int64_t steps_per_epoch() const override { return plan_->steps_per_epoch(); }
  std::vector<int64_t> examples(int64_t step) const override { return plan_->rows(step); }

  // Plain loops: this runs in the threads that prepare batches.
  nn::Batch batch(int64_t step) override {
    const auto rows = plan_->rows(step);
    const auto shape = plan_->shape(step);
    nn::Batch batch;
    batch.rows = static_cast<int64_t>(rows.size());
    batch.inputs = filled({shape.rows, shape.source}, 0);
    batch.lengths = filled({shape.rows}, 0);
    auto *source = data(batch.inputs), *source_length = data(batch.lengths);
    for (int64_t b = 0; b < batch.rows; ++b) {
      const auto row = rows[static_cast<std::size_t>(b)];
      const auto length = data_->length(0, row);
      std::copy_n(data_->first(0, row), length, source + b * shape.source);
      source[b * shape.source + length] = data_->end;
      source_length[b] = length + 1;
      batch.tokens += length + 1;
    }
    if (data_->targets) add_targets(rows, shape, batch);
    if (kind_ == Kind::kSweep) {
      auto numbers = filled({batch.rows}, 0);
      std::copy(rows.begin(), rows.end(), data(numbers));
      batch.others[kExampleRows] = numbers;
    }
    return batch;
  }

 private:
  static int64_t* data(const torch::Tensor& tensor) { return tensor.data_ptr<int64_t>(); }

  torch::Tensor filled(torch::IntArrayRef sizes, int64_t value) const {
    auto tensor = host_tensor(sizes, torch::kLong, device_);
    std::fill_n(data(tensor), tensor.numel(), value);
    return tensor;
  }

  void add_targets(const std::vector<int64_t>& rows, const BatchShape& shape,
                   nn::Batch& batch) const {
    auto inputs = filled({shape.rows, shape.target}, 0);
    auto lengths = filled({shape.rows}, 0);
    batch.targets = filled({shape.rows, shape.target}, -1);
    for (int64_t b = 0; b < batch.rows; ++b) {
      const auto row = rows[static_cast<std::size_t>(b)];
      const auto length = data_->length(1, row);
      auto *in = data(inputs) + b * shape.target, *out = data(batch.targets) + b * shape.target;
      in[0] = data_->begin;
      std::copy_n(data_->first(1, row), length, in + 1);
      std::copy_n(data_->first(1, row), length, out);
      out[length] = data_->end;
      data(lengths)[b] = length + 1;
      batch.tokens += length + 1;
    }
    batch.others["target.inputs"] = inputs;
    batch.others["target.lengths"] = lengths;
  }

  std::shared_ptr<const Pairs> data_;
  std::unique_ptr<PairPlan> plan_;
  Kind kind_;
  torch::Device device_;
};

class PairDataset final : public Dataset {
 public:
  PairDataset(Pairs pairs, torch::Device device)
      : data_(std::make_shared<const Pairs>(std::move(pairs))), device_(device) {}
  int64_t size() const override { return data_->size(); }
  int64_t tokens() const override { return data_->offsets[0].back() + data_->offsets[1].back(); }
  double unknown() const override { return data_->unknown; }
  const Places& places() const override { return data_->examples; }
  std::string_view text(int64_t i) const override { return pair(i)[0]; }
  std::array<std::string_view, 2> pair(int64_t i) const override {
    if (data_->targets) return data_->examples.texts(i);
    return {data_->examples.documents[i], {}};
  }
  std::unique_ptr<Stream> train(const StreamOptions& options) const override {
    if (!data_->targets) throw InputError("these lines have no targets to be trained on");
    return ahead(ladder_plan(data_->lengths(), options.size, kRungs, options.seed), Kind::kTraining,
                 options.threads);
  }
  std::unique_ptr<Stream> sweep(int64_t rows) const override {
    return ahead(pair_sweep(data_->lengths(), rows), Kind::kSweep, 1);
  }

 private:
  std::unique_ptr<Stream> ahead(std::unique_ptr<PairPlan> plan, Kind kind, int64_t threads) const {
    return std::make_unique<Prefetch>(
        std::make_unique<PairStream>(data_, std::move(plan), kind, device_), device_, threads);
  }
  std::shared_ptr<const Pairs> data_;
  torch::Device device_;
};

}  // namespace

std::shared_ptr<const Dataset> make_sequences(const Examples& examples, const Encoding& encoding,
                                              torch::Device device) {
  return std::make_shared<PairDataset>(pack_pairs(examples, encoding), device);
}

}  // namespace regard::data
