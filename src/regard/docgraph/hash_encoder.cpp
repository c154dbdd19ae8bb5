#include "regard/docgraph/hash_encoder.hpp"

#include <unordered_map>

#include "regard/base/distributions.hpp"
#include "regard/docgraph/streams.hpp"
#include "regard/docgraph/words.hpp"

namespace regard::docgraph {

std::vector<float> HashEncoder::encode(std::span<const std::string> sentences) const {
  const auto width = static_cast<std::size_t>(width_);
  std::unordered_map<std::string, std::vector<float>> known;
  const auto vector_of = [&](const std::string& word) -> const std::vector<float>& {
    auto& vector = known[word];
    if (vector.empty()) {
      Random random(seed_, kWordStream, hash_of(word));
      for (std::size_t c = 0; c < width; ++c) vector.push_back(static_cast<float>(normal(random)));
    }
    return vector;
  };
  std::vector<float> out(sentences.size() * width, 0);
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    for (const auto& word : words_of(sentences[s])) {
      const auto& vector = vector_of(word);
      for (std::size_t c = 0; c < width; ++c) out[s * width + c] += vector[c];
    }
  }
  return out;
}

EncoderState HashEncoder::state() const {
  EncoderState state;
  state.kind = "hash";
  state.width = width_;
  state.seed = static_cast<int64_t>(seed_);
  return state;
}

}  // namespace regard::docgraph
