// Small models for tests.
#pragma once

#include "harness/case.hpp"
#include "regard/models/kinds/encoder_classifier.hpp"
#include "regard/models/kinds/language_model.hpp"

namespace regard::models {
using torch::Tensor;

inline ModelSpec small_spec(const std::string& kind) {
  ModelSpec spec;
  spec.kind = kind;
  spec.trunk.width = 16;
  spec.trunk.layers = 2;
  spec.trunk.heads = 2;
  spec.trunk.init = 0.3;  // far from the start of training, where all outputs are alike
  return spec;
}

inline ModelShape small_shape() {
  return {.input = {.vocabulary = 11}, .classes = 3, .max_length = 24};
}

inline std::vector<attention::Phrase> phrases(const std::vector<std::string>& texts) {
  std::vector<attention::Phrase> all;
  for (const auto& text : texts) all.push_back(attention::parse_phrase(text));
  return all;
}

/// (rows, positions) token ids, always the same.
inline Tensor ids(int64_t rows, int64_t positions) {
  return (harness::random({rows, positions}, 4).abs() * 1000).to(torch::kLong).remainder(11);
}

inline nn::Batch batch_of(const Tensor& inputs, const Tensor& lengths = {},
                          const Tensor& targets = {}) {
  nn::Batch batch;
  batch.inputs = inputs;
  batch.lengths = lengths;
  batch.targets = targets;
  return batch;
}

inline int64_t parameter_count(const torch::nn::Module& module) {
  int64_t n = 0;
  for (const auto& p : module.parameters()) n += p.numel();
  return n;
}

}  // namespace regard::models
