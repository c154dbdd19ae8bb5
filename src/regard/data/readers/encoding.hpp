// How examples become numbers: all that a trained model needs to read new data as it read its own.
// Saved with the run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/examples.hpp"
#include "regard/data/readers/nodes.hpp"
#include "regard/data/readers/task.hpp"
#include "regard/data/readers/tokenizer.hpp"

namespace regard::data {

/// How an image of height x width x channels becomes T tokens:
///   pixels   T = height * width,            C = channels
///   rows     T = height,                    C = width * channels
///   patches  T = (height / p) (width / p),  C = p * p * channels
///   levels   T = height * width * channels, ids 0..255 of the grey level
struct ImageSpec {
  std::string image_tokens = "pixels";
  int64_t patch = 4;
  std::string normalise = "none";
  void visit(Visitor& f) {
    f("image_tokens", image_tokens, "images: what a token is; levels: pixel values as ids 0..255",
      {"pixels", "rows", "patches", "levels"});
    f("patch", patch, "images: side of a patch, which divides height and width");
    f("normalise", normalise,
      "images: none: values in [0, 1]; standard: mean 0 and deviation 1 a channel",
      {"none", "standard"});
  }
};

struct Encoding {
  const Task* task = &find_task("classification");
  int64_t max_length = 0;                      // longest input of the model, T
  int64_t pad_to = 0;                          // T of every batch of documents; 0: its longest
  int64_t vocabulary = 0;                      // tokens: ids are 0 .. vocabulary - 1; values: 0
  int64_t channels = 0;                        // values: C; tokens: 0
  std::vector<std::string> classes;            // of a classification
  bool pairs = false;                          // of two documents each, at most max_length each
  std::shared_ptr<const Tokenizer> tokenizer;  // documents only
  ImageSpec image;                             // images only, as the following
  ImageShape shape;
  std::vector<double> mean, deviation;        // (shape.channels), of values in [0, 1]
  std::shared_ptr<const NodeFeatures> nodes;  // nodes only
  bool planted = false;                       // documents whose tokens have edges of their own
  int32_t begin = -1, end = -1;               // of a text that is written: ids before and behind it
  bool framed = false;                        // documents between the pieces of begin and end

  bool is_image() const { return tokenizer == nullptr && nodes == nullptr; }
  /// Whether batches bring edges.
  bool has_edges() const { return nodes != nullptr || planted; }
  bool is_tokens() const { return vocabulary > 0; }
  std::string to_json() const;
};

/// Sets `begin` and `end` of a translation: those of the tokenizer, else two rows more.
void set_ends(Encoding& encoding);

/// InputError when the text is no JSON of an encoding.
Encoding encoding_from_json(std::string_view json);

/// Sets shape, max_length, vocabulary, channels, mean and deviation from the training images.
/// InputError when a patch does not divide the image.
void fit_images(Encoding& encoding, const Examples& training);

}  // namespace regard::data
