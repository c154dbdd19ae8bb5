// Documents of any length with a label each: packed on the host, padded to the longest of the batch
// or to one length for all.
// The two texts of pair i of a batch are its rows 2 i and 2 i + 1.
#include <cstring>

#include "regard/base/error.hpp"
#include "regard/data/dataset.hpp"
#include "regard/data/prefetch.hpp"
#include "regard/graph/edge_list.hpp"

namespace regard::data {
namespace {

struct Packed {
  torch::Tensor tokens;               // (sum of lengths) uint8, or int32 for more than 256 ids
  std::vector<int64_t> offsets;       // (N parts + 1)
  int64_t parts = 1;                  // texts of an example
  int64_t pad_to = 0;                 // T of every batch; 0: its longest
  std::vector<int32_t> labels;        // (N) or empty
  std::vector<int32_t> token_labels;  // as tokens, or empty
  std::vector<int32_t> planted;       // likewise
  Documents sentences;                // of a task that writes them again
  Places places;
  int64_t truncated = 0;
  double unknown = 0;  // share of the tokens

  int64_t size() const { return (static_cast<int64_t>(offsets.size()) - 1) / parts; }
  /// Of text i = example * parts + part.
  int64_t length(int64_t i) const {
    return offsets[static_cast<std::size_t>(i) + 1] - offsets[static_cast<std::size_t>(i)];
  }
  /// Positions of the longest text of each example; padding to one length makes all alike.
  std::vector<int64_t> lengths() const {
    if (pad_to > 0) return std::vector<int64_t>(static_cast<std::size_t>(size()), pad_to);
    std::vector<int64_t> all;
    for (int64_t i = 0; i < size(); ++i) {
      all.push_back(std::max(length(i * parts), length(i * parts + parts - 1)));
    }
    return all;
  }
};

template <class T>
torch::Tensor narrowed(const std::vector<int32_t>& ids, torch::ScalarType type) {
  auto tensor = torch::empty({static_cast<int64_t>(ids.size())}, type);
  auto* to = tensor.data_ptr<T>();
  for (std::size_t i = 0; i < ids.size(); ++i) to[i] = static_cast<T>(ids[i]);
  return tensor;
}

void check_fits(int64_t length, int64_t pad_to) {
  if (pad_to == 0 || length <= pad_to) return;
  const auto n = std::to_string(pad_to);
  throw InputError("at most pad_to = " + n + " tokens were expected, and " +
                   std::to_string(length) + " came; raise it, or cut at max_length = " + n);
}

Packed pack(const Examples& examples, const Encoding& encoding) {
  Packed packed;
  packed.places = examples;
  packed.labels = examples.labels;
  packed.offsets.push_back(0);
  packed.parts = encoding.pairs ? 2 : 1;
  packed.pad_to = encoding.pad_to;
  std::vector<int32_t> ids;
  const auto& tokenizer = *encoding.tokenizer;
  const auto frame = encoding.framed ? std::size_t{2} : std::size_t{0};  // tokens around a text
  const auto longest = static_cast<std::size_t>(encoding.max_length) - frame;
  for (int64_t i = 0; i < examples.size(); ++i) {
    bool cut = false;
    const auto add = [&](std::string_view text) {
      if (encoding.framed) ids.push_back(tokenizer.special(Special::kBegin));
      auto begin = ids.size();
      tokenizer.encode(text, ids);
      cut = cut || ids.size() - begin > longest;
      ids.resize(std::min(ids.size(), begin + longest));
      if (encoding.framed) ids.push_back(tokenizer.special(Special::kEnd));
      begin -= frame / 2;
      check_fits(static_cast<int64_t>(ids.size() - begin), encoding.pad_to);
      packed.offsets.push_back(static_cast<int64_t>(ids.size()));
    };
    try {
      if (encoding.pairs) {
        for (const auto text : examples.texts(i)) add(text);
      } else {
        add(examples.documents[i]);
      }
    } catch (const InputError& error) {
      throw InputError(examples.place(i) + ": " + error.what());
    }
    packed.truncated += cut;
  }
  if (examples.sentences) packed.sentences = examples.documents;
  packed.token_labels = examples.token_labels;
  packed.planted = examples.planted;
  if (!packed.token_labels.empty() && packed.token_labels.size() != ids.size()) {
    throw InputError(examples.place(0) + ": " + std::to_string(packed.token_labels.size()) +
                     " labels for " + std::to_string(ids.size()) + " tokens");
  }
  packed.unknown = share_of_unknown(ids, encoding);
  packed.tokens = encoding.vocabulary <= 256 ? narrowed<uint8_t>(ids, torch::kByte)
                                             : narrowed<int32_t>(ids, torch::kInt);
  return packed;
}

class DocumentStream final : public Stream {
 public:
  DocumentStream(std::shared_ptr<const Packed> data, std::unique_ptr<BatchPlan> plan,
                 torch::Device device)
      : data_(std::move(data)), plan_(std::move(plan)), device_(device) {}

  int64_t steps_per_epoch() const override { return plan_->steps_per_epoch(); }
  std::vector<int64_t> examples(int64_t step) const override { return plan_->rows(step); }

  // Plain loops: no tensor operation runs in the threads that prepare batches, so none starts
  // threads of its own.
  nn::Batch batch(int64_t step) override {
    const auto rows = plan_->rows(step);
    std::vector<int64_t> texts;
    for (const auto row : rows) {
      for (int64_t part = 0; part < data_->parts; ++part)
        texts.push_back(row * data_->parts + part);
    }
    nn::Batch batch;
    batch.rows = static_cast<int64_t>(rows.size());
    const auto count = static_cast<int64_t>(texts.size());  // B
    int64_t longest = std::max<int64_t>(1, data_->pad_to);
    for (const auto text : texts) {
      longest = std::max(longest, data_->length(text));
      batch.tokens += data_->length(text);
    }
    batch.inputs = host_tensor({count, longest}, torch::kLong, device_);  // (B, T)
    // Padded to one length, batches have one shape: a step is then recorded once
    // (train/captured_step).
    if (batch.tokens < count * longest || data_->pad_to > 0) {
      batch.lengths = host_tensor({count}, torch::kLong, device_);  // (B)
    }
    for (int64_t b = 0; b < count; ++b) {
      const auto text = texts[static_cast<std::size_t>(b)];
      copy_row(text, data_->length(text), batch.inputs.data_ptr<int64_t>() + b * longest, longest);
      if (batch.lengths.defined()) batch.lengths.data_ptr<int64_t>()[b] = data_->length(text);
    }
    if (!data_->token_labels.empty()) {
      batch.targets = host_tensor({count, longest}, torch::kLong, device_);  // (B, T)
      auto* to = batch.targets.data_ptr<int64_t>();
      std::fill_n(to, count * longest, int64_t{-1});
      for (int64_t b = 0; b < count; ++b) {
        const auto row = rows[static_cast<std::size_t>(b)];
        std::copy_n(data_->token_labels.begin() + data_->offsets[static_cast<std::size_t>(row)],
                    data_->length(row), to + b * longest);
      }
    }
    if (!data_->planted.empty()) add_edges(rows, longest, batch);
    if (!data_->labels.empty()) {
      batch.targets = host_tensor({batch.rows}, torch::kLong, device_);  // (examples)
      for (int64_t i = 0; i < batch.rows; ++i) {
        const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
        batch.targets.data_ptr<int64_t>()[i] = data_->labels[row];
      }
    }
    return batch;
  }

 private:
  // Each token itself, and the planted edges. Room for two keys a token, so that batches of one
  // length have one shape.
  void add_edges(const std::vector<int64_t>& rows, int64_t longest, nn::Batch& batch) const {
    const auto count = static_cast<int64_t>(rows.size()), room = 2 * longest;
    auto queries = host_tensor({count, room}, torch::kLong, device_);  // (B, C)
    auto keys = host_tensor({count, room}, torch::kLong, device_);
    std::fill_n(queries.data_ptr<int64_t>(), count * room, longest);
    std::fill_n(keys.data_ptr<int64_t>(), count * room, int64_t{0});
    for (int64_t b = 0; b < count; ++b) {
      const auto row = rows[static_cast<std::size_t>(b)];
      const auto first = data_->planted.begin() + data_->offsets[static_cast<std::size_t>(row)];
      std::vector<graph::Edge> planted;
      for (int64_t i = 0; i < data_->length(row); ++i) {
        if (first[i] >= 0) planted.push_back({i, first[i]});
      }
      const auto length = data_->length(row);
      const auto list = graph::build_edges(planted, {length, length}, graph::SelfLoops::kAdd);
      const auto of_edges = list.edge_queries();
      std::copy(of_edges.begin(), of_edges.end(), queries.data_ptr<int64_t>() + b * room);
      std::copy(list.keys.begin(), list.keys.end(), keys.data_ptr<int64_t>() + b * room);
    }
    batch.others[nn::kEdgeQueries] = queries;
    batch.others[nn::kEdgeKeys] = keys;
  }

  void copy_row(int64_t text, int64_t length, int64_t* to, int64_t width) const {
    const auto begin = data_->offsets[static_cast<std::size_t>(text)];
    const auto& tokens = data_->tokens;
    if (tokens.scalar_type() == torch::kByte) {
      std::copy_n(tokens.data_ptr<uint8_t>() + begin, length, to);
    } else {
      std::copy_n(tokens.data_ptr<int32_t>() + begin, length, to);
    }
    std::fill(to + length, to + width, int64_t{0});
  }

  std::shared_ptr<const Packed> data_;
  std::unique_ptr<BatchPlan> plan_;
  torch::Device device_;
};

class DocumentDataset final : public Dataset {
 public:
  DocumentDataset(Packed packed, torch::Device device)
      : data_(std::make_shared<const Packed>(std::move(packed))), device_(device) {}
  int64_t size() const override { return data_->size(); }
  int64_t truncated() const override { return data_->truncated; }
  int64_t tokens() const override { return data_->offsets.back(); }
  double unknown() const override { return data_->unknown; }
  std::string_view text(int64_t i) const override {
    return data_->sentences.size() > 0 ? data_->sentences[i] : std::string_view();
  }
  const Places& places() const override { return data_->places; }
  std::unique_ptr<Stream> train(const StreamOptions& options) const override {
    if (data_->labels.empty() && data_->token_labels.empty())
      throw InputError("these documents have no labels to be trained on");
    return ahead(bucketed_plan(data_->lengths(), options.size, options.seed, options.last),
                 options.threads);
  }
  std::unique_ptr<Stream> sweep(int64_t rows) const override {
    return ahead(sweep_plan(data_->lengths(), rows), 1);
  }

 private:
  std::unique_ptr<Stream> ahead(std::unique_ptr<BatchPlan> plan, int64_t threads) const {
    return std::make_unique<Prefetch>(
        std::make_unique<DocumentStream>(data_, std::move(plan), device_), device_, threads);
  }
  std::shared_ptr<const Packed> data_;
  torch::Device device_;
};

}  // namespace

std::shared_ptr<const Dataset> make_documents(const Examples& examples, const Encoding& encoding,
                                              torch::Device device) {
  return std::make_shared<DocumentDataset>(pack(examples, encoding), device);
}

}  // namespace regard::data
