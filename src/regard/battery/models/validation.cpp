#include "regard/battery/models/validation.hpp"

#include <map>

#include "regard/base/philox.hpp"
#include "regard/battery/models/neighbourhood.hpp"
#include "regard/ops/jobs.hpp"

namespace regard::battery {

Folds even_folds(const Examples& cells, int64_t count, uint64_t seed) {
  std::map<std::string, std::vector<std::size_t>> batches;
  for (std::size_t i = 0; i < cells.size(); ++i) batches[cells[i].batch].push_back(i);
  Folds folds(static_cast<std::size_t>(count));
  Random random(seed, RandomStream::kSplit);
  std::size_t next = 0;
  for (auto& [name, rows] : batches) {
    for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
    for (const auto row : rows) folds[next++ % folds.size()].push_back(row);
  }
  std::erase_if(folds, [](const auto& fold) { return fold.empty(); });
  return folds;
}

Folds batch_folds(const Examples& cells) {
  std::map<std::string, std::vector<std::size_t>> batches;
  for (std::size_t i = 0; i < cells.size(); ++i) batches[cells[i].batch].push_back(i);
  Folds folds;
  for (auto& [name, rows] : batches) folds.push_back(rows);
  return folds;
}

std::vector<HeldOut> hold_out(const Examples& examples, const std::vector<Cell>& cells,
                              const Folds& folds, const MakeModel& make, uint64_t seed,
                              int64_t threads) {
  std::vector<std::vector<HeldOut>> found(folds.size());
  ops::run_jobs(folds.size(), threads, [&](std::size_t f) {
    Examples train, test;
    std::vector<bool> out(examples.size(), false);
    for (const auto row : folds[f]) out[row] = true;
    std::vector<std::vector<double>> summaries;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      (out[i] ? test : train).push_back(examples[i]);
      if (!out[i]) summaries.push_back(examples[i].summary);
    }
    auto model = make();
    model->fit(train, seed);
    const auto estimates = model->predict(test);
    const Neighbourhood near(summaries, 0.05);
    std::size_t next = 0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (!out[i]) continue;
      found[f].push_back(
          {cells[i], examples[i], estimates[next++], near.distance(examples[i].summary)});
    }
  });
  std::vector<HeldOut> all;
  for (auto& fold : found) all.insert(all.end(), fold.begin(), fold.end());
  return all;
}

}  // namespace regard::battery
