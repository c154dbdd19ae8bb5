#include "regard/docgraph/models/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

namespace regard::docgraph {
using torch::Tensor;

Tensor Vectors::of(int64_t document) const {
  return all.narrow(0, begin(document), sentences(document));
}

std::span<const float> Vectors::values(int64_t document) const {
  return {all.data_ptr<float>() + begin(document) * width(),
          static_cast<std::size_t>(sentences(document) * width())};
}

Vectors vectors_of(const Corpus& corpus, const std::vector<float>& values, int64_t width,
                   double scale) {
  Vectors made;
  int64_t end = 0;
  for (const auto& document : corpus.documents)
    made.ends.push_back(end += static_cast<int64_t>(document.sentences.size()));
  made.all = at::zeros({end + 1, width});
  std::memcpy(made.all.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  made.all.mul_(scale);
  return made;
}

std::vector<std::string> all_sentences(const Corpus& corpus) {
  std::vector<std::string> all;
  for (const auto& document : corpus.documents)
    all.insert(all.end(), document.sentences.begin(), document.sentences.end());
  return all;
}

std::vector<std::string> all_sentences(const Corpus& corpus, const std::vector<int64_t>& rows) {
  std::vector<std::string> all;
  for (const auto row : rows) {
    const auto& sentences = corpus.documents[static_cast<std::size_t>(row)].sentences;
    all.insert(all.end(), sentences.begin(), sentences.end());
  }
  return all;
}

double scale_of(const Corpus& corpus, const std::vector<float>& values, int64_t width,
                const std::vector<int64_t>& rows) {
  std::vector<bool> counts(corpus.documents.size(), false);
  for (const auto row : rows) counts[static_cast<std::size_t>(row)] = true;
  double sum = 0, numbers = 0;
  std::size_t at = 0;
  for (std::size_t d = 0; d < corpus.documents.size(); ++d) {
    const auto end = at + corpus.documents[d].sentences.size() * static_cast<std::size_t>(width);
    if (counts[d]) {
      for (auto i = at; i < end; ++i) sum += double{values[i]} * values[i];
      numbers += static_cast<double>(end - at);
    }
    at = end;
  }
  return sum > 0 ? std::sqrt(numbers / sum) : 1;
}

namespace {

struct Sizes {
  int64_t positions = 1, edges = 1;
  bool gated = false;
};

Sizes sizes_of(const Vectors& vectors, const std::vector<Item>& items) {
  Sizes sizes;
  for (const auto& item : items) {
    const auto n = item.graph ? item.graph->size() : vectors.sentences(item.document);
    sizes.positions = std::max(sizes.positions, n);
    if (!item.graph) continue;
    sizes.edges = std::max(sizes.edges, item.graph->edges.size());
    sizes.gated = sizes.gated || !item.graph->edges.log_gates.empty();
  }
  return sizes;
}

void add_edges(nn::Batch& batch, const std::vector<Item>& items, const Sizes& sizes) {
  const std::vector<int64_t> shape = {static_cast<int64_t>(items.size()), sizes.edges};
  auto queries = at::full(shape, sizes.positions, torch::kLong);
  auto keys = at::zeros(shape, torch::kLong), gates = at::zeros(shape);
  for (std::size_t b = 0; b < items.size(); ++b) {
    const auto& edges = items[b].graph->edges;
    const auto from = edges.edge_queries();
    const auto start = static_cast<int64_t>(b) * sizes.edges;
    std::copy(from.begin(), from.end(), queries.data_ptr<int64_t>() + start);
    std::copy(edges.keys.begin(), edges.keys.end(), keys.data_ptr<int64_t>() + start);
    auto* gate = gates.data_ptr<float>() + start;
    for (std::size_t e = 0; e < edges.log_gates.size(); ++e)
      gate[e] = static_cast<float>(edges.log_gates[e]);
  }
  batch.others[nn::kEdgeQueries] = queries;
  batch.others[nn::kEdgeKeys] = keys;
  if (sizes.gated) batch.others[nn::kEdgeGates] = gates;
}

}  // namespace

nn::Batch make_batch(const Vectors& vectors, const std::vector<Item>& items) {
  const auto sizes = sizes_of(vectors, items);
  const auto count = static_cast<int64_t>(items.size());
  auto rows = at::full({count, sizes.positions}, vectors.all.size(0) - 1, torch::kLong);
  auto lengths = at::zeros({count}, torch::kLong), targets = at::zeros({count}, torch::kLong);
  for (int64_t b = 0; b < count; ++b) {
    const auto& item = items[static_cast<std::size_t>(b)];
    auto* row = rows.data_ptr<int64_t>() + b * sizes.positions;
    const auto begin = vectors.begin(item.document);
    const auto n = item.graph ? item.graph->size() : vectors.sentences(item.document);
    for (int64_t t = 0; t < n; ++t)
      row[t] = begin + (item.graph ? item.graph->nodes[static_cast<std::size_t>(t)] : t);
    lengths.data_ptr<int64_t>()[b] = n;
    targets.data_ptr<int64_t>()[b] = item.label;
  }
  nn::Batch batch;
  batch.inputs =
      vectors.all.index_select(0, rows.view({-1})).view({count, sizes.positions, vectors.width()});
  batch.lengths = lengths;
  batch.targets = targets;
  batch.rows = count;
  if (items[0].graph && items[0].graph->edges.size() > 0) add_edges(batch, items, sizes);
  return batch;
}

std::vector<int64_t> sentence_ids(const Document& document) {
  std::map<std::string_view, int64_t> known;
  std::vector<int64_t> ids;
  for (const auto& sentence : document.sentences)
    ids.push_back(known.try_emplace(sentence, static_cast<int64_t>(known.size())).first->second);
  return ids;
}

}  // namespace regard::docgraph
