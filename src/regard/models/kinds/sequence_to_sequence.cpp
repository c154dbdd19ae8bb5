#include "regard/models/kinds/sequence_to_sequence.hpp"

#include <ATen/ATen.h>

#include "regard/base/error.hpp"
#include "regard/nn/context.hpp"

namespace regard::models {
using torch::Tensor;

namespace {

// Dropout sites of the decoder lie behind those of any encoder.
constexpr int64_t kDecoderSites = int64_t{1} << 17;

using Phrases = std::vector<attention::Phrase>;
using Check = std::function<void(const attention::Phrase&)>;

std::string reason(const attention::Phrase& phrase, const Check& check) {
  try {
    check(phrase);
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

// What is given, else what the encoder has, else softmax with a sentence that says why.
Phrases phrases_of(const std::string& part, const std::string& given, const Phrases& encoder,
                   const Check& check, std::vector<std::string>& sentences) {
  if (!given.empty()) {
    const auto phrase = attention::parse_phrase(given);
    const auto why = reason(phrase, check);
    if (!why.empty()) throw InputError("[attention] " + part + ": " + why);
    return {phrase};
  }
  for (const auto& phrase : encoder) {
    const auto why = reason(phrase, check);
    if (why.empty()) continue;
    sentences.push_back(part + ": softmax instead; " + why);
    return {attention::parse_phrase("softmax")};
  }
  return encoder;
}

const Tensor& other(const nn::Batch& batch, const char* name) {
  const auto found = batch.others.find(name);
  if (found == batch.others.end())
    throw RunError(std::string("sequence_to_sequence: the batch has no ") + name);
  return found->second;
}

}  // namespace

SequenceAttentions sequence_attentions(const ModelSpec& spec, const Phrases& phrases) {
  SequenceAttentions all;
  all.encoder = phrases;
  const auto causal = [](const auto& phrase) { attention::check_meaning(phrase, true); };
  all.decoder = phrases_of("decoder", spec.decoder, phrases, causal, all.sentences);
  if (spec.cross != "none") {
    all.cross =
        phrases_of("cross", spec.cross, phrases, attention::check_meaning_across, all.sentences);
  }
  return all;
}

SequenceToSequence::SequenceToSequence(const ModelSpec& spec, const ModelShape& shape,
                                       const Phrases& phrases, uint64_t seed)
    : PositionModel(spec) {
  check_text("sequence_to_sequence", shape);
  if (spec.trunk.block != "transformer") {
    throw InputError("sequence_to_sequence: [model] block = \"transformer\" was expected, and \"" +
                     spec.trunk.block + "\" came");
  }
  const auto attentions = sequence_attentions(spec, phrases);
  auto options = trunk_options(spec, shape, attentions.encoder);
  trunk_ = register_module("encoder", std::make_shared<nn::Trunk>(options));
  options.phrases = attentions.decoder;
  options.causal = true;
  options.cross = attentions.cross;
  options.first_site = kDecoderSites;
  options.shared_embedding = std::shared_ptr<nn::Embedding>(trunk_, &trunk_->embedding());
  decoder_ = register_module("decoder", std::make_shared<nn::Trunk>(options));
  trunk_->initialise(seed, "encoder.");
  decoder_->initialise(seed, "decoder.");
  if (!spec.tie) make_head(shape.input.vocabulary, false, seed);
}

nn::MemoryView SequenceToSequence::encode(const Tensor& sources, const Tensor& lengths) {
  const nn::LayerScope scope("encoder");
  return {trunk_->forward(sources, lengths), lengths};
}

Tensor SequenceToSequence::compute(const nn::Batch& batch) {
  const auto memory = encode(batch.inputs, batch.lengths);
  const nn::LayerScope scope("decoder");
  return to_vocabulary(
      decoder_->forward(other(batch, kTargetInputs), other(batch, kTargetLengths), memory));
}

Tensor SequenceToSequence::step(const Tensor& ids, nn::TrunkState& state) {
  const auto x = decoder_->extend(ids, state);
  return to_vocabulary(x.narrow(1, x.size(1) - 1, 1)).select(1, 0);
}

SearchModel SequenceToSequence::search(const Tensor& sources, const Tensor& lengths,
                                       int64_t texts) {
  auto state = std::make_shared<nn::TrunkState>(start(encode(sources, lengths)));
  const auto device = sources.device();
  return {[this, state, device](const Tensor& ids) { return step(ids.to(device), *state); },
          [state, device, texts](const Tensor& rows) {
            for (auto& layer : state->layers) layer->select(rows.to(device));
            // Rows of a source stay together, so every `texts`-th names its source.
            const auto of = rows.slice(0, 0, std::nullopt, texts).floor_divide(texts).to(device);
            for (auto& memory : state->memories) {
              if (of.size(0) < memory.rows.v.size(0)) memory.select(of);
            }
          }};
}

std::vector<LayerMap> SequenceToSequence::maps(const nn::Batch& batch) {
  const torch::NoGradGuard guard;
  const auto one = first_example(batch);
  std::map<std::string, Tensor> inputs;
  nn::MemoryView memory;
  {
    const nn::ObserverScope scope(
        [&](const std::string& layer, const Tensor& x) { inputs[layer] = x; });
    memory = encode(one.inputs, {});
    const nn::LayerScope layer("decoder");
    decoder_->forward(other(one, kTargetInputs), {}, memory);
  }
  std::vector<LayerMap> maps;
  const auto add = [&](const std::string& part, int64_t i, attention::SelfAttention& attention,
                       const attention::Call& call) {
    maps.push_back({i, attention.weights(call), part});
  };
  const auto input = [&](const char* part, int64_t i, const char* name) {
    return inputs.at(part + std::string(".block") + std::to_string(i) + "." + name);
  };
  for (int64_t i = 0; i < spec_.trunk.layers; ++i) {
    const auto at = static_cast<std::size_t>(i);
    add("encoder", i, trunk_->blocks()[at]->attention(),
        attention::call_of(input("encoder", i, "attention_input"), {}));
    auto& block = *decoder_->blocks()[at];
    add("decoder", i, block.attention(),
        attention::call_of(input("decoder", i, "attention_input"), {}));
    if (!block.cross()) continue;
    add("cross", i, *block.cross(), nn::cross_call(input("decoder", i, "cross_input"), {}, memory));
  }
  return maps;
}

namespace kinds {
ModelKind make_sequence_to_sequence() {
  return kind_of<SequenceToSequence>(
      "encoder-decoder: reads one sequence and writes another, with attention across",
      "translation");
}
}  // namespace kinds

}  // namespace regard::models
