// Text for a masked language model: rows of one stream of tokens, each between the pieces of begin
// and end, with a separator between documents; some places of a row are asked for.
//
//   P = round(0.15 (T - 2)) places a row, at least 1, none of them special; of these 80 % become
//     the
//   mask, 10 % another token, and 10 % stay (Devlin et al. 2019). Every row has as many, so batches
//   have one shape. The choice is a function of (seed, step) alone.
#include <algorithm>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/philox.hpp"
#include "regard/data/dataset.hpp"
#include "regard/data/prefetch.hpp"

namespace regard::data {
namespace {

struct MaskedText {
  std::vector<int32_t> ids;  // all documents, the end piece between two
  int64_t length = 0;        // T
  int64_t vocabulary = 0;
  int32_t begin = 0, end = 0, mask = 0;
  std::vector<char> is_special;  // (vocabulary)
  double unknown = 0;            // share of the tokens

  int64_t room() const { return length - 2; }
  int64_t size() const { return static_cast<int64_t>(ids.size()); }
  int64_t rows() const { return (size() + room() - 1) / room(); }
  /// The last row ends with the text, so that it is full.
  int64_t first_of(int64_t row) const { return std::min(row * room(), size() - room()); }
  int64_t places() const {
    return std::max<int64_t>(1, std::llround(0.15 * static_cast<double>(room())));
  }
  bool special(int64_t id) const { return is_special[static_cast<std::size_t>(id)] != 0; }
};

/// Which places of a row are asked for, in order.
std::vector<int64_t> choose_places(const MaskedText& text, const int64_t* row, Random& random) {
  std::vector<int64_t> open;
  for (int64_t t = 1; t + 1 < text.length; ++t) {
    if (!text.special(row[t])) open.push_back(t);
  }
  const auto count = std::min(text.places(), static_cast<int64_t>(open.size()));
  for (int64_t i = 0; i < count; ++i) {
    const auto other =
        i + static_cast<int64_t>(random.below(open.size() - static_cast<std::size_t>(i)));
    std::swap(open[static_cast<std::size_t>(i)], open[static_cast<std::size_t>(other)]);
  }
  open.resize(static_cast<std::size_t>(count));
  std::sort(open.begin(), open.end());
  return open;
}

int64_t hidden_token(const MaskedText& text, int64_t token, Random& random) {
  const auto tenth = random.below(10);
  if (tenth < 8) return text.mask;
  if (tenth == 9) return token;
  while (true) {
    const auto other = static_cast<int64_t>(random.below(static_cast<uint64_t>(text.vocabulary)));
    if (!text.special(other)) return other;
  }
}

enum class Masks { kByStep, kByRow };  // training; evaluation, whatever its batches are

class MaskedStream final : public Stream {
 public:
  MaskedStream(std::shared_ptr<const MaskedText> text, std::unique_ptr<BatchPlan> plan, Masks masks,
               uint64_t seed, torch::Device device)
      : text_(std::move(text)),
        plan_(std::move(plan)),
        masks_(masks),
        seed_(seed),
        device_(device) {}
  int64_t steps_per_epoch() const override { return plan_->steps_per_epoch(); }
  std::vector<int64_t> examples(int64_t step) const override {
    auto rows = plan_->rows(step);
    for (auto& row : rows) row = text_->first_of(row);
    return rows;
  }
  nn::Batch batch(int64_t step) override {
    const auto rows = plan_->rows(step);
    const auto count = static_cast<int64_t>(rows.size()), length = text_->length;
    nn::Batch batch;
    batch.rows = count;
    batch.tokens = count * length;
    batch.inputs = host_tensor({count, length}, torch::kLong, device_);            // (B, T)
    batch.targets = host_tensor({count, text_->places()}, torch::kLong, device_);  // (B, P)
    auto places = host_tensor({count, text_->places()}, torch::kLong, device_);    // (B, P)
    Random by_step(seed_, RandomStream::kMask, static_cast<uint64_t>(step));
    for (int64_t b = 0; b < count; ++b) {
      const auto row = rows[static_cast<std::size_t>(b)];
      Random by_row(seed_, RandomStream::kMask, static_cast<uint64_t>(row));
      fill_row(row, masks_ == Masks::kByStep ? by_step : by_row,
               batch.inputs.data_ptr<int64_t>() + b * length,
               batch.targets.data_ptr<int64_t>() + b * text_->places(),
               places.data_ptr<int64_t>() + b * text_->places());
    }
    batch.others[nn::kPlaces] = places;
    return batch;
  }

 private:
  void fill_row(int64_t row, Random& random, int64_t* inputs, int64_t* targets,
                int64_t* places) const {
    const auto from = text_->ids.begin() + text_->first_of(row);
    inputs[0] = text_->begin;
    std::copy_n(from, text_->room(), inputs + 1);
    inputs[text_->length - 1] = text_->end;
    const auto chosen = choose_places(*text_, inputs, random);
    // A row of many short documents may have too few: the rest asks for nothing.
    std::fill_n(targets, text_->places(), int64_t{-1});
    std::fill_n(places, text_->places(), int64_t{0});
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      auto& token = inputs[chosen[i]];
      targets[i] = token;
      places[i] = chosen[i];
      token = hidden_token(*text_, token, random);
    }
  }

  std::shared_ptr<const MaskedText> text_;
  std::unique_ptr<BatchPlan> plan_;
  Masks masks_;
  uint64_t seed_;
  torch::Device device_;
};

class MaskedDataset final : public Dataset {
 public:
  MaskedDataset(MaskedText text, torch::Device device)
      : text_(std::make_shared<const MaskedText>(std::move(text))), device_(device) {}
  int64_t size() const override { return text_->size(); }
  int64_t tokens() const override { return text_->size(); }
  double unknown() const override { return text_->unknown; }
  const Places& places() const override { return none_; }
  std::unique_ptr<Stream> train(const StreamOptions& options) const override {
    auto rows = options.size.rows;
    if (options.size.tokens > 0) rows = std::max<int64_t>(1, options.size.tokens / text_->length);
    return ahead(endless_plan(text_->rows(), rows, options.seed), Masks::kByStep, options.seed,
                 options.threads);
  }
  std::unique_ptr<Stream> sweep(int64_t rows) const override {
    const std::vector<int64_t> alike(static_cast<std::size_t>(text_->rows()), text_->length);
    return ahead(sweep_plan(alike, rows), Masks::kByRow, 0, 1);
  }

 private:
  std::unique_ptr<Stream> ahead(std::unique_ptr<BatchPlan> plan, Masks masks, uint64_t seed,
                                int64_t threads) const {
    return std::make_unique<Prefetch>(
        std::make_unique<MaskedStream>(text_, std::move(plan), masks, seed, device_), device_,
        threads);
  }
  std::shared_ptr<const MaskedText> text_;
  torch::Device device_;
  Places none_;
};

}  // namespace

std::shared_ptr<const Dataset> make_masked(const Examples& examples, const Encoding& encoding,
                                           torch::Device device) {
  const auto& tokenizer = *encoding.tokenizer;
  MaskedText text{.length = encoding.max_length,
                  .vocabulary = encoding.vocabulary,
                  .begin = tokenizer.special(Special::kBegin),
                  .end = tokenizer.special(Special::kEnd),
                  .mask = tokenizer.special(Special::kMask)};
  text.is_special.assign(static_cast<std::size_t>(encoding.vocabulary), 0);
  for (const auto piece :
       {Special::kPadding, Special::kUnknown, Special::kBegin, Special::kEnd, Special::kMask}) {
    const auto id = tokenizer.special(piece);
    if (id >= 0) text.is_special[static_cast<std::size_t>(id)] = 1;
  }
  for (int64_t i = 0; i < examples.size(); ++i) {
    const auto before = text.ids.size();
    if (before > 0) text.ids.push_back(text.end);
    try {
      tokenizer.encode(examples.documents[i], text.ids);
    } catch (const InputError& error) {
      throw InputError(examples.place(i) + ": " + error.what());
    }
    if (text.ids.size() == before + 1) text.ids.pop_back();  // nothing but what is left out
  }
  if (text.size() < text.room()) {
    throw InputError(examples.place(0) + ": the text has " + std::to_string(text.size()) +
                     " tokens, and rows of max_length = " + std::to_string(text.length) +
                     " need at least " + std::to_string(text.room()));
  }
  text.unknown = share_of_unknown(text.ids, encoding);
  return std::make_shared<MaskedDataset>(std::move(text), device);
}

}  // namespace regard::data
