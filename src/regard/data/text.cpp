// Text for a language model: one array of tokens on the device, cut into windows there.
#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/data/dataset.hpp"

namespace regard::data {
namespace {

struct Text {
  torch::Tensor tokens;  // (N) on the device; uint8, or int32 for more than 256 ids
  int64_t window = 0;    // T
  double unknown = 0;    // share of the tokens
  int64_t size() const { return tokens.size(0); }
};

// inputs x[s .. s+T-1], targets x[s+1 .. s+T] for each start s.
nn::Batch gather_windows(const Text& text, const std::vector<int64_t>& starts) {
  const auto device = text.tokens.device();
  const auto rows = static_cast<int64_t>(starts.size());
  auto first = host_tensor({rows}, torch::kLong, device);
  std::copy(starts.begin(), starts.end(), first.data_ptr<int64_t>());
  const auto offsets = torch::arange(text.window + 1, torch::dtype(torch::kLong).device(device));
  const auto places = first.to(device, /*non_blocking=*/true).unsqueeze(1) + offsets;  // (B, T + 1)
  const auto both = text.tokens.index_select(0, places.reshape({-1}))
                        .to(torch::kLong)
                        .reshape({rows, text.window + 1});
  nn::Batch batch;
  batch.inputs = both.narrow(1, 0, text.window).contiguous();   // (B, T)
  batch.targets = both.narrow(1, 1, text.window).contiguous();  // (B, T)
  batch.rows = rows;
  batch.tokens = rows * text.window;
  return batch;
}

// Windows at random places, keyed by (seed, step).
class Crops final : public Stream {
 public:
  Crops(std::shared_ptr<const Text> text, int64_t rows, uint64_t seed)
      : text_(std::move(text)), rows_(rows), seed_(seed) {}
  int64_t steps_per_epoch() const override {
    const auto batch = rows_ * text_->window;
    return (text_->size() - 1 + batch - 1) / batch;
  }
  std::vector<int64_t> examples(int64_t step) const override {
    Random random(seed_, RandomStream::kCrop, static_cast<uint64_t>(step));
    std::vector<int64_t> starts(static_cast<std::size_t>(rows_));
    const auto places = static_cast<uint64_t>(text_->size() - text_->window);
    for (auto& start : starts) start = static_cast<int64_t>(random.below(places));
    return starts;
  }
  nn::Batch batch(int64_t step) override { return gather_windows(*text_, examples(step)); }

 private:
  std::shared_ptr<const Text> text_;
  int64_t rows_;
  uint64_t seed_;
};

// Windows side by side; every token but the first is a target once. The last window may be short.
class Windows final : public Stream {
 public:
  Windows(std::shared_ptr<const Text> text, int64_t rows) : text_(std::move(text)), rows_(rows) {}
  int64_t steps_per_epoch() const override { return full_steps() + (rest() > 0 ? 1 : 0); }
  std::vector<int64_t> examples(int64_t step) const override {
    if (step >= full_steps()) return {full_windows() * text_->window};
    std::vector<int64_t> starts;
    for (auto w = step * rows_; w < std::min((step + 1) * rows_, full_windows()); ++w) {
      starts.push_back(w * text_->window);
    }
    return starts;
  }
  nn::Batch batch(int64_t step) override {
    if (step < full_steps()) return gather_windows(*text_, examples(step));
    const auto begin = full_windows() * text_->window;
    const auto row = text_->tokens.narrow(0, begin, rest() + 1).to(torch::kLong);
    nn::Batch batch;
    batch.inputs = row.new_zeros({1, text_->window});
    batch.targets = row.new_full({1, text_->window}, -1);
    batch.inputs[0].narrow(0, 0, rest()).copy_(row.narrow(0, 0, rest()));
    batch.targets[0].narrow(0, 0, rest()).copy_(row.narrow(0, 1, rest()));
    batch.lengths = row.new_full({1}, rest());
    batch.rows = 1;
    batch.tokens = rest();
    return batch;
  }

 private:
  int64_t full_windows() const { return (text_->size() - 1) / text_->window; }
  int64_t full_steps() const { return (full_windows() + rows_ - 1) / rows_; }
  int64_t rest() const { return (text_->size() - 1) % text_->window; }
  std::shared_ptr<const Text> text_;
  int64_t rows_;
};

void check_rows(int64_t rows) {
  if (rows < 1)
    throw InputError("a batch has at least 1 row, and " + std::to_string(rows) + " came");
}

class TextDataset final : public Dataset {
 public:
  TextDataset(Text text, std::string name)
      : text_(std::make_shared<const Text>(std::move(text))), name_(std::move(name)) {}
  int64_t size() const override { return text_->size(); }
  const Places& places() const override { return none_; }
  double unknown() const override { return text_->unknown; }
  std::unique_ptr<Stream> train(const StreamOptions& options) const override {
    if (text_->size() <= text_->window) {
      throw InputError(name_ + ": the training text has " + std::to_string(text_->size()) +
                       " tokens, and windows of max_length = " + std::to_string(text_->window) +
                       " need at least " + std::to_string(text_->window + 1));
    }
    auto rows = options.size.rows;
    if (options.size.tokens > 0) rows = std::max<int64_t>(1, options.size.tokens / text_->window);
    check_rows(rows);
    return std::make_unique<Crops>(text_, rows, options.seed);
  }
  std::unique_ptr<Stream> sweep(int64_t rows) const override {
    check_rows(rows);
    return std::make_unique<Windows>(text_, rows);
  }

 private:
  std::shared_ptr<const Text> text_;
  std::string name_;
  Places none_;
};

}  // namespace

std::shared_ptr<const Dataset> make_text(const Examples& examples, const Encoding& encoding,
                                         torch::Device device) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < examples.size(); ++i) {
    try {
      if (i > 0) encoding.tokenizer->encode("\n", ids);
      encoding.tokenizer->encode(examples.documents[i], ids);
    } catch (const InputError& error) {
      throw InputError(examples.place(i) + ": " + error.what());
    }
  }
  if (ids.size() < 2) {
    throw InputError(examples.place(0) +
                     ": a language model needs at least 2 tokens, and the text has " +
                     std::to_string(ids.size()));
  }
  const auto type = encoding.vocabulary <= 256 ? torch::kByte : torch::kInt;
  auto tokens = torch::from_blob(ids.data(), {static_cast<int64_t>(ids.size())}, torch::kInt)
                    .to(type, /*non_blocking=*/false, /*copy=*/true);
  return std::make_shared<TextDataset>(
      Text{tokens.to(device), encoding.max_length, share_of_unknown(ids, encoding)},
      examples.place(0));
}

}  // namespace regard::data
