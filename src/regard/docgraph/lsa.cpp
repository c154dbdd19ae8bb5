#include "regard/docgraph/lsa.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/docgraph/lsa_basis.hpp"
#include "regard/docgraph/streams.hpp"
#include "regard/docgraph/words.hpp"

namespace regard::docgraph {
namespace {

/// At most `most` of the sentences, drawn without replacement, in their order.
std::vector<std::string> sample(std::span<const std::string> sentences, int64_t most,
                                uint64_t seed) {
  const auto n = sentences.size(), wanted = std::min(n, static_cast<std::size_t>(most));
  std::vector<std::string> chosen;
  Random random(seed, kSampleStream);
  for (std::size_t i = 0, left = wanted; i < n && left > 0; ++i) {
    // Kept with probability left / (n - i) (Knuth, algorithm S).
    if (random.below(n - i) >= left) continue;
    chosen.push_back(sentences[i]);
    --left;
  }
  return chosen;
}

std::string cache_name(const EncoderSpec& spec, std::span<const std::string> training) {
  uint64_t sum = hash_of("lsa 1 " + std::to_string(spec.width) + " " + std::to_string(spec.least));
  for (const auto& sentence : training) sum = hash_of(sentence + "\n", sum);
  return "lsa-" + hexadecimal(sum) + ".safetensors";
}

}  // namespace

Lsa::Lsa(const EncoderSpec& spec, std::span<const std::string> training) : width_(spec.width) {
  if (!has_spectra()) throw InputError(std::string("lsa: ") + kNoSpectra);
  const auto sentences = sample(training, spec.most, static_cast<uint64_t>(spec.seed));
  learn_words(spec, sentences);
  const auto path = std::filesystem::path(spec.cache) / cache_name(spec, sentences);
  const std::vector<int64_t> shape = {words(), width_};
  if (!spec.cache.empty() && std::filesystem::exists(path)) {
    basis_ = run::values_of<float>(run::load_arrays(path).arrays, "basis", shape);
    return;
  }
  learn_basis(sentences);
  if (spec.cache.empty()) return;
  make_directory(spec.cache);
  run::save_arrays(path, {{"basis", run::array(basis_, shape)}}, {});
}

void Lsa::learn_words(const EncoderSpec& spec, std::span<const std::string> training) {
  std::map<std::string, int64_t> counts;
  for (const auto& sentence : training) {
    const auto all = words_of(sentence);
    for (const auto& word : std::set<std::string>(all.begin(), all.end())) ++counts[word];
  }
  const double n = static_cast<double>(training.size());
  for (const auto& [word, count] : counts) {
    if (count < spec.least) continue;
    words_.push_back(word);
    idf_.push_back(std::log((1 + n) / (1 + static_cast<double>(count))) + 1);
  }
  if (words_.empty())
    throw InputError("lsa: words that are in at least " + std::to_string(spec.least) +
                     " training sentences were expected, and there are none");
  number_words();
}

void Lsa::number_words() {
  for (std::size_t w = 0; w < words_.size(); ++w) index_[words_[w]] = static_cast<int32_t>(w);
}

std::vector<std::pair<int32_t, double>> Lsa::row(std::string_view sentence) const {
  std::map<int32_t, double> counts;
  for (const auto& word : words_of(sentence)) {
    if (const auto found = index_.find(word); found != index_.end()) counts[found->second] += 1;
  }
  double square = 0;
  for (auto& [word, value] : counts) {
    value = (1 + std::log(value)) * idf_[static_cast<std::size_t>(word)];
    square += value * value;
  }
  std::vector<std::pair<int32_t, double>> row;
  for (const auto& [word, value] : counts) row.emplace_back(word, value / std::sqrt(square));
  return row;
}

void Lsa::learn_basis(std::span<const std::string> training) {
  SparseMatrix x;
  x.columns = words();
  for (const auto& sentence : training) {
    for (const auto& [word, value] : row(sentence)) {
      x.column.push_back(word);
      x.value.push_back(value);
    }
    x.ends.push_back(x.column.size());
  }
  basis_.assign(words_.size() * static_cast<std::size_t>(width_), 0);
  const auto found = right_singular_vectors(x, width_);
  for (std::size_t w = 0; w < words_.size(); ++w) {
    for (int64_t c = 0; c < found.rank; ++c)
      basis_[w * static_cast<std::size_t>(width_) + static_cast<std::size_t>(c)] =
          static_cast<float>(found.values[static_cast<std::size_t>(c) * words_.size() + w]);
  }
}

std::vector<float> Lsa::encode(std::span<const std::string> sentences) const {
  const auto width = static_cast<std::size_t>(width_);
  std::vector<float> out(sentences.size() * width, 0);
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    for (const auto& [word, value] : row(sentences[s])) {
      const auto* basis = &basis_[static_cast<std::size_t>(word) * width];
      const auto weight = static_cast<float>(value);
      for (std::size_t c = 0; c < width; ++c) out[s * width + c] += weight * basis[c];
    }
  }
  return out;
}

EncoderState Lsa::state() const {
  EncoderState state;
  state.kind = "lsa";
  state.width = width_;
  state.words = words_;
  state.arrays = {{"idf", run::array(idf_, {words()})},
                  {"basis", run::array(basis_, {words(), width_})}};
  return state;
}

Lsa::Lsa(const EncoderState& state) : width_(state.width), words_(state.words) {
  if (width_ < 1 || words_.empty()) throw InputError("lsa: a width and words were expected");
  idf_ = run::values_of<double>(state.arrays, "idf", {words()});
  basis_ = run::values_of<float>(state.arrays, "basis", {words(), width_});
  number_words();
}

}  // namespace regard::docgraph
