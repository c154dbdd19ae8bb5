#include "regard/models/kinds/masked_language_model.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/gelu.h>

#include "regard/base/error.hpp"

namespace regard::models {
using torch::Tensor;

MaskedLanguageModel::MaskedLanguageModel(const ModelSpec& spec, const ModelShape& shape,
                                         const std::vector<attention::Phrase>& phrases,
                                         uint64_t seed)
    : PositionModel(spec) {
  const auto vocabulary = shape.input.vocabulary;
  const auto width = spec.trunk.width;
  if (vocabulary < 1) {
    throw InputError("masked_language_model: tokens were expected, and the data gives values");
  }
  make_trunk(trunk_options(spec, shape, phrases), seed);
  dense_ = register_module("dense", torch::nn::Linear(width, width));
  norm_ = register_module(
      "norm", std::make_shared<nn::Norm>(spec.trunk.norm_kind, width, spec.trunk.norm_epsilon));
  bias_ = register_parameter("bias", at::zeros({vocabulary}));
  nn::fill_normal(dense_->weight, "dense.weight", spec.trunk.deviation(dense_->weight), seed);
  nn::fill_normal(dense_->bias, "dense.bias", 0, seed);
  if (!spec.tie) make_head(vocabulary, false, seed);
}

Tensor MaskedLanguageModel::compute(const nn::Batch& batch) {
  auto x = trunk_->forward(batch.inputs, batch.lengths);  // (B, T, H)
  if (const auto places = batch.others.find(nn::kPlaces); places != batch.others.end()) {
    const auto rows = at::arange(x.size(0), places->second.options()).unsqueeze(1) * x.size(1);
    const auto count = places->second.size(1);  // P
    x = x.flatten(0, 1).index_select(0, (places->second + rows).flatten());
    x = x.view({batch.inputs.size(0), count, -1});  // (B, P, H)
  }
  x = norm_->forward(at::gelu(dense_->forward(x)));
  return to_vocabulary(x, bias_);
}

ModelKind kinds::make_masked_language_model() {
  return kind_of<MaskedLanguageModel>("encoder that tells the tokens left out: pre-training",
                                      "masked_language_model");
}

}  // namespace regard::models
