// One part of the data (train, valid or test), encoded, where it lives, and the streams over it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "regard/data/readers/encoding.hpp"
#include "regard/data/readers/examples.hpp"
#include "regard/data/readers/plan.hpp"
#include "regard/data/stream.hpp"

namespace regard::data {

struct StreamOptions {
  BatchSize size;
  uint64_t seed = 0;
  Last last = Last::kKeep;
  int64_t threads = 1;  // that prepare batches ahead, for documents; 0: none
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  /// Examples; for a language model, tokens.
  virtual int64_t size() const = 0;
  /// Training batches on the device, without an end.
  virtual std::unique_ptr<Stream> train(const StreamOptions& options) const = 0;
  /// Everything once, in a fixed order, at most `rows` examples a batch, on the device. Safe for
  /// any number of callers.
  virtual std::unique_ptr<Stream> sweep(int64_t rows) const = 0;
  /// Where each example came from; empty for a language model.
  virtual const Places& places() const = 0;
  /// The text of an example, where its task writes it again; else empty.
  virtual std::string_view text(int64_t) const { return {}; }
  /// Of a translation: source and target of an example as they were read.
  virtual std::array<std::string_view, 2> pair(int64_t) const { return {}; }
  /// Documents cut at the longest input of the model.
  virtual int64_t truncated() const { return 0; }
  /// Tokens of all documents as they are cut; 0 where examples are no documents.
  virtual int64_t tokens() const { return 0; }
  /// Share of the tokens that the tokenizer does not know, in [0, 1].
  virtual double unknown() const { return 0; }
  /// What stands in the batch of `step`, for the message about a failed step: "reviews.tsv: line 7,
  /// ...".
  std::string describe(const Stream& stream, int64_t step) const;
};

/// Encodes examples as the training data was. Labels, when there are any, are mapped to
/// `encoding.classes`. InputError names the place of what cannot be encoded: a label not seen in
/// training, text that is no UTF-8, images of another shape.
std::shared_ptr<const Dataset> make_dataset(Examples examples, const Encoding& encoding,
                                            torch::Device device);

/// The parts of a dataset, one for each kind of data. `make_dataset` chooses.
std::shared_ptr<const Dataset> make_documents(const Examples& examples, const Encoding& encoding,
                                              torch::Device device);
std::shared_ptr<const Dataset> make_text(const Examples& examples, const Encoding& encoding,
                                         torch::Device device);
std::shared_ptr<const Dataset> make_masked(const Examples& examples, const Encoding& encoding,
                                           torch::Device device);
std::shared_ptr<const Dataset> make_images(const Examples& examples, const Encoding& encoding,
                                           torch::Device device);

std::shared_ptr<const Dataset> make_sequences(const Examples& examples, const Encoding& encoding,
                                              torch::Device device);

/// Of the batches of a sweep over pairs of texts, in Batch::others: the examples in its rows, (B).
inline constexpr const char* kExampleRows = "examples";

/// Share of the ids that stand for what the tokenizer does not know.
double share_of_unknown(const std::vector<int32_t>& ids, const Encoding& encoding);

/// A host tensor that `device` can copy from without waiting.
torch::Tensor host_tensor(torch::IntArrayRef sizes, torch::ScalarType type, torch::Device device);

}  // namespace regard::data
