// The sum of a random vector for each word: entries are normal, keyed by the word and a seed.
// Nothing is learned, and nothing is lost by a word that is new.
#pragma once

#include "regard/docgraph/encoder.hpp"

namespace regard::docgraph {

class HashEncoder final : public Encoder {
 public:
  HashEncoder(int64_t width, uint64_t seed) : width_(width), seed_(seed) {}
  std::vector<float> encode(std::span<const std::string> sentences) const override;
  EncoderState state() const override;

 private:
  int64_t width_;
  uint64_t seed_;
};

}  // namespace regard::docgraph
