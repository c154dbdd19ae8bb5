// Sentence vectors that the user brings: a safetensors file with one array (sentences, width) of
// F32 or F64, rows in the order of `regard docgraph split`.
#pragma once

#include <filesystem>
#include <vector>

#include "regard/docgraph/corpus.hpp"

namespace regard::docgraph {

struct VectorFile {
  int64_t width = 0;
  std::vector<float> values;  // (sentences, width)
};

/// InputError where the file has not one such array with a row for each sentence of the corpus and
/// `width` numbers in each (0: any), where a number is not finite, and where its metadata names
/// another "sentences" than the checksum of the corpus.
VectorFile read_vectors(const std::filesystem::path& path, const Corpus& corpus, int64_t width);

}  // namespace regard::docgraph
