#include "regard/docgraph/parts.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/data/readers/split.hpp"

namespace regard::docgraph {
namespace {

/// The rows of each group of like texts, in the order of the first ones, without the empty ones.
std::vector<std::vector<int64_t>> groups_of(const Corpus& corpus,
                                            const std::vector<int64_t>& rows) {
  int64_t most = 0;
  for (const auto row : rows)
    most = std::max(most, corpus.groups[static_cast<std::size_t>(row)] + 1);
  std::vector<std::vector<int64_t>> groups(static_cast<std::size_t>(most));
  for (const auto row : rows)
    groups[static_cast<std::size_t>(corpus.groups[static_cast<std::size_t>(row)])].push_back(row);
  std::erase_if(groups, [](const auto& group) { return group.empty(); });
  return groups;
}

std::vector<int32_t> first_labels(const Corpus& corpus,
                                  const std::vector<std::vector<int64_t>>& groups) {
  std::vector<int32_t> labels;
  for (const auto& group : groups)
    labels.push_back(corpus.documents[static_cast<std::size_t>(group[0])].label);
  return labels;
}

std::vector<int64_t> rows_of(const std::vector<std::vector<int64_t>>& groups,
                             const std::vector<int64_t>& which) {
  std::vector<int64_t> rows;
  for (const auto g : which) {
    const auto& group = groups[static_cast<std::size_t>(g)];
    rows.insert(rows.end(), group.begin(), group.end());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

struct Two {
  std::vector<int64_t> rest, held;
};

Two hold_out(const Corpus& corpus, const std::vector<int64_t>& rows, double share, uint64_t seed) {
  const auto groups = groups_of(corpus, rows);
  const auto split = data::hold_out(first_labels(corpus, groups), share, seed);
  return {rows_of(groups, split.train), rows_of(groups, split.valid)};
}

std::vector<int64_t> all_rows(const Corpus& corpus) {
  std::vector<int64_t> rows(corpus.documents.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  return rows;
}

void check_classes(const Corpus& corpus, const std::vector<int64_t>& train) {
  std::vector<bool> there(corpus.classes.size(), false);
  for (const auto row : train)
    there[static_cast<std::size_t>(corpus.documents[static_cast<std::size_t>(row)].label)] = true;
  for (std::size_t c = 0; c < there.size(); ++c) {
    if (!there[c])
      throw InputError("documents of each class in the training part were expected, and \"" +
                       corpus.classes[c] + "\" has none");
  }
}

}  // namespace

Parts split_parts(const Corpus& corpus, const Shares& shares, uint64_t seed) {
  if (!(shares.test >= 0 && shares.test < 1))
    throw InputError("test_fraction: a share from 0 to below 1 was expected");
  Parts parts;
  auto rest = all_rows(corpus);
  if (shares.test > 0) {
    auto two = hold_out(corpus, rest, shares.test, seed);
    rest = std::move(two.rest);
    parts.test = std::move(two.held);
  }
  auto two = hold_out(corpus, rest, shares.valid, seed + 1);
  parts.train = std::move(two.rest);
  parts.valid = std::move(two.held);
  check_classes(corpus, parts.train);
  return parts;
}

Parts fold_parts(const Corpus& corpus, int64_t folds, int64_t fold, double valid, uint64_t seed) {
  const auto groups = groups_of(corpus, all_rows(corpus));
  const auto labels = first_labels(corpus, groups);
  const auto order = data::shuffled(static_cast<int64_t>(groups.size()), seed, 0);
  std::vector<int64_t> next(corpus.classes.size(), 0), held, rest;
  for (const auto g : order) {
    auto& place = next[static_cast<std::size_t>(labels[static_cast<std::size_t>(g)])];
    (place++ % folds == fold ? held : rest).push_back(g);
  }
  Parts parts;
  parts.test = rows_of(groups, held);
  auto two = hold_out(corpus, rows_of(groups, rest), valid, seed + 1);
  parts.train = std::move(two.rest);
  parts.valid = std::move(two.held);
  check_classes(corpus, parts.train);
  return parts;
}

}  // namespace regard::docgraph
