#include "regard/data/dataset.hpp"

#include "regard/base/error.hpp"

namespace regard::data {

std::string Dataset::describe(const Stream& stream, int64_t step) const {
  constexpr std::size_t kShown = 8;
  const auto rows = stream.examples(step);
  std::string text;
  for (std::size_t i = 0; i < rows.size() && i < kShown; ++i) {
    if (i > 0) text += ", ";
    text += places().size() > 0 ? places().place(rows[i]) : "token " + std::to_string(rows[i]);
  }
  if (rows.size() > kShown) text += " and " + std::to_string(rows.size() - kShown) + " more";
  return text;
}

double share_of_unknown(const std::vector<int32_t>& ids, const Encoding& encoding) {
  const auto unknown = encoding.tokenizer->unknown();
  if (unknown < 0 || ids.empty()) return 0;
  const auto count = std::count(ids.begin(), ids.end(), unknown);
  return static_cast<double>(count) / static_cast<double>(ids.size());
}

torch::Tensor host_tensor(torch::IntArrayRef sizes, torch::ScalarType type, torch::Device device) {
  return torch::empty(sizes, torch::TensorOptions().dtype(type).pinned_memory(device.is_cuda()));
}

std::shared_ptr<const Dataset> make_dataset(Examples examples, const Encoding& encoding,
                                            torch::Device device) {
  const bool images = examples.form == Examples::Form::kImages;
  if (images != encoding.is_image()) {
    throw InputError(examples.place(0) + (images ? ": text was expected, and this is an image"
                                                 : ": images were expected, and this is text"));
  }
  if (encoding.task->targets() == Targets::kNextToken) return make_text(examples, encoding, device);
  if (encoding.task->targets() == Targets::kText) {
    return make_sequences(examples, encoding, device);
  }
  if (encoding.task->targets() == Targets::kMasked) return make_masked(examples, encoding, device);
  const bool tokens = encoding.task->targets() == Targets::kToken;
  if (examples.sentences != tokens) {
    throw InputError(examples.place(0) +
                     (tokens ? ": sentences of tokens were expected, and this is a text"
                             : ": texts were expected, and these are tokens"));
  }
  if (examples.labelled()) map_labels(examples, encoding.classes);
  if (tokens) examples = cut_sentences(examples, encoding.max_length);
  return images ? make_images(examples, encoding, device)
                : make_documents(examples, encoding, device);
}

}  // namespace regard::data
