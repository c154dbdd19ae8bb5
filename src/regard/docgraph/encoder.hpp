// From a sentence to a vector of a fixed width, each sentence alone.
//
//   hash   the sum of a random normal vector for each word, keyed by the word and a seed
//   lsa    x V, with x the weighted counts of the sentence's words and V the leading right singular
//          vectors of those of the training sentences (lsa.hpp)
//   file   vectors that the user brings (vector_file.hpp); nothing to compute
//
// Vectors are multiplied by one number, 1 over the root of the mean square of the training
// sentences.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/run/arrays.hpp"

namespace regard::docgraph {

struct EncoderSpec {
  std::string kind = "auto";
  int64_t width = 256;
  int64_t seed = 1;
  int64_t least = 2;
  int64_t most = 50000;
  std::string cache;

  void visit(Visitor& f);
  void check() const;
};

/// What a run keeps of its encoder.
struct EncoderState {
  std::string kind;
  int64_t width = 0, seed = 0;
  std::vector<std::string> words;  // lsa
  run::Arrays arrays;              // lsa: "idf" (words), "basis" (words, width)
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  /// (sentences, width), row-major.
  virtual std::vector<float> encode(std::span<const std::string> sentences) const = 0;
  virtual EncoderState state() const = 0;
};

/// Learns from the training sentences. `kind` auto is lsa where the build has Spectra, else hash.
/// InputError for lsa without Spectra, and for kind file.
std::unique_ptr<Encoder> make_encoder(const EncoderSpec& spec,
                                      std::span<const std::string> training);
/// InputError where the state is damaged.
std::unique_ptr<Encoder> make_encoder(const EncoderState& state);

/// hash or lsa for auto, with a sentence why where lsa is not there; else ("", "").
struct Chosen {
  std::string kind, note;
};
Chosen choose_kind(const std::string& kind);

}  // namespace regard::docgraph
