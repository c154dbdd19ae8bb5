// Encoder-decoder (Vaswani et al. 2017): an encoder reads the source, a causal decoder reads the
// target so far and attends to the encoder, and the next token comes from the decoder.
//
//   m = encoder(source)       P(y_t | y_<t, source) = softmax(decoder(y_<t, m) E^T)
//
// Source, target and output share the table E unless `tie` is off, which gives the output a matrix
// of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "regard/models/position_model.hpp"
#include "regard/models/search.hpp"

namespace regard::models {

/// Batch::others of a translation: what the decoder reads, (B, T_target), and its lengths (B). The
/// inputs of the batch are the source.
inline constexpr const char* kTargetInputs = "target.inputs";
inline constexpr const char* kTargetLengths = "target.lengths";

/// Which attention stands where, and sentences for the user where a phrase has no meaning there.
struct SequenceAttentions {
  std::vector<attention::Phrase> encoder, decoder, cross;  // one, or one a layer; cross: or none
  std::vector<std::string> sentences;
};

/// `phrases` for the encoder. `spec.decoder` and `spec.cross` as given, else the phrases where they
/// have a meaning, else softmax. InputError for a given phrase without a meaning in its place.
SequenceAttentions sequence_attentions(const ModelSpec& spec,
                                       const std::vector<attention::Phrase>& phrases);

class SequenceToSequence final : public PositionModel {
 public:
  SequenceToSequence(const ModelSpec& spec, const ModelShape& shape,
                     const std::vector<attention::Phrase>& phrases, uint64_t seed);
  nn::Trunk& decoder() { return *decoder_; }
  /// Of encoder, decoder and cross attention, each named.
  std::vector<LayerMap> maps(const nn::Batch& batch) override;

  /// The memory of sources (B, T) with lengths (B) or undefined.
  nn::MemoryView encode(const torch::Tensor& sources, const torch::Tensor& lengths);
  /// Generation of texts for each source of a memory, one source after the other.
  nn::TrunkState start(const nn::MemoryView& memory) const { return decoder_->start(memory); }
  /// The next ids (rows, T) -> logits (rows, vocabulary) of the token after them.
  torch::Tensor step(const torch::Tensor& ids, nn::TrunkState& state);
  /// `texts` rows for each of the sources (B, T), behind a step; they share its memory. The model
  /// must live as long.
  SearchModel search(const torch::Tensor& sources, const torch::Tensor& lengths, int64_t texts);

 protected:
  torch::Tensor compute(const nn::Batch& batch) override;

 private:
  std::shared_ptr<nn::Trunk> decoder_;  // the encoder is the trunk
};

namespace kinds {
ModelKind make_sequence_to_sequence();
}

}  // namespace regard::models
