// Tiny data sets for the tests of streams.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "readers/helpers.hpp"
#include "regard/data/dataset.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {

/// `count` documents; document i has 1 + (i * 7) % 40 bytes, all with the value i, and label i % 3.
inline Examples documents(int64_t count) {
  ExamplesBuilder builder;
  builder.begin_file("docs");
  for (int64_t i = 0; i < count; ++i) {
    const auto length = static_cast<std::size_t>(1 + (i * 7) % 40);
    builder.add_document(std::string(length, static_cast<char>(33 + i)), i + 1);
    builder.add_label(std::to_string(i % 3));
  }
  return builder.finish();
}

inline Encoding bytes_encoding(int64_t max_length, const std::vector<std::string>& classes) {
  Encoding encoding;
  encoding.classes = classes;
  encoding.tokenizer = byte_tokenizer();
  encoding.vocabulary = 256;
  encoding.max_length = max_length;
  return encoding;
}

inline std::shared_ptr<const Dataset> byte_documents(int64_t count, int64_t max_length = 100) {
  return make_dataset(documents(count), bytes_encoding(max_length, {"0", "1", "2"}), torch::kCPU);
}

inline bool same(const torch::Tensor& a, const torch::Tensor& b) {
  return a.defined() == b.defined() && (!a.defined() || torch::equal(a, b));
}

inline bool same(const nn::Batch& a, const nn::Batch& b) {
  return same(a.inputs, b.inputs) && same(a.lengths, b.lengths) && same(a.targets, b.targets) &&
         a.rows == b.rows && a.tokens == b.tokens;
}

/// Two streams of the same seed agree at any step, asked for in any order; another seed differs.
inline void expect_pure(const Dataset& data, StreamOptions options) {
  const auto a = data.train(options), b = data.train(options);
  options.seed += 1;
  const auto other = data.train(options);
  std::vector<nn::Batch> forward;
  bool differs = false;
  for (int64_t step = 0; step < 9; ++step) forward.push_back(a->batch(step));
  for (const int64_t step : {8, 3, 0, 5, 6, 1}) {
    const auto& expected = forward[static_cast<std::size_t>(step)];
    EXPECT_TRUE(same(b->batch(step), expected)) << step;
    differs = differs || !same(other->batch(step), expected);
  }
  EXPECT_TRUE(differs);
}

}  // namespace regard::data
