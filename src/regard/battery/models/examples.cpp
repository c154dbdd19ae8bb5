#include "regard/battery/models/examples.hpp"

#include <cmath>

#include "regard/base/error.hpp"
#include "regard/battery/fit.hpp"
#include "regard/battery/models/tokens.hpp"

namespace regard::battery {
namespace {

double loss_at_start(const Cell& cell) {
  for (std::size_t i = 0; i < cell.cycles(); ++i) {
    if (cell.cycle[i] >= 2) return cell.loss(i);
  }
  return kMissing;
}

// Columns of hybridpred_features5.csv that the paper's model takes: log variance, log min, "log
// mean", smallest resistance, change of resistance.
constexpr std::array kPaperColumns = {1, 2, 3, 14, 15};

void add_published(const Severson& data, const std::filesystem::path& folder, Examples& examples) {
  const auto five = published_features(folder, 5), four = published_features(folder, 4);
  for (std::size_t r = 0; r < examples.size(); ++r) {
    auto& example = examples[r];
    for (const int column : kPaperColumns)
      example.paper.push_back(five.finite(r, static_cast<std::size_t>(column)));
    for (std::size_t c = 0; c < four.width(); ++c) {
      double value = four.number(r, c);
      if (four.names()[c] == "min_IR" && value == 0) value = kMissing;
      example.features.add("published_" + four.names()[c], value);
    }
    const double second = four.finite(r, four.column("QD_2"));
    example.c = 1 - second / data.cells[r].nominal_ah;  // b2c1 has no capacities of its own
  }
}

}  // namespace

Example make_example(const Cell& cell, int64_t n) {
  Example example;
  example.name = cell.name;
  example.batch = cell.batch;
  example.life = cell.life;
  example.c = loss_at_start(cell);
  example.features = early_features(cell, n);
  example.delta_q = delta_q(first_cycles(cell, n), n);
  if (has_tokens(cell, n)) {
    auto tokens = make_tokens(cell, n);
    example.tokens = std::move(tokens.patches);
    example.summary = std::move(tokens.summary);
  }
  return example;
}

Examples severson_examples(const Severson& data, const std::filesystem::path& folder, int64_t n) {
  Examples examples;
  for (std::size_t r = 0; r < data.cells.size(); ++r) {
    auto example = make_example(data.cells[r], n);
    if (data.split[r] != Split::kSecondary && data.cells[r].cycles() > 0) {
      const auto fit = fit_curve(data.cells[r]);
      example.a = fit.curve.a;
      example.b = fit.curve.b;
    }
    if (n == 100) {
      const auto low = data.q10(r), high = data.q100(r);
      example.delta_q.assign(low.size(), 0);
      for (std::size_t v = 0; v < low.size(); ++v)
        example.delta_q[v] = static_cast<double>(high[v]) - static_cast<double>(low[v]);
      const auto fine = voltage_features(low, high);
      for (std::size_t f = 0; f < fine.names.size(); ++f) {
        for (std::size_t g = 0; g < example.features.names.size(); ++g) {
          if (example.features.names[g] == fine.names[f])
            example.features.values[g] = fine.values[f];
        }
      }
    }
    examples.push_back(std::move(example));
  }
  add_published(data, folder, examples);
  return examples;
}

Examples pick(const Examples& all, const std::vector<std::size_t>& rows) {
  Examples some;
  for (const auto row : rows) some.push_back(all.at(row));
  return some;
}

}  // namespace regard::battery
