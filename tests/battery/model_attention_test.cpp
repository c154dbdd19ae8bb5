// Our model: tokens, training, storage; and its cross-validated error on the training cells.
#include <gtest/gtest.h>

#include <cmath>

#include "data.hpp"
#include "regard/base/philox.hpp"
#include "regard/battery/models/attention_life.hpp"
#include "regard/battery/models/examples.hpp"
#include "regard/battery/models/tokens.hpp"
#include "regard/battery/models/validation.hpp"

namespace regard::battery {
namespace {

// Cells whose life decides how deep a dip their curves get: enough for a network to learn.
Cell made_cell(int index, double life) {
  Random random(static_cast<uint64_t>(index), RandomStream::kTest);
  Cell cell;
  cell.name = "made" + std::to_string(index);
  cell.batch = std::to_string(index % 2);
  cell.nominal_ah = 1.1;
  cell.life = life;
  cell.voltage.voltage_v = token_voltages();
  for (int64_t k = 2; k <= 100; ++k) {
    cell.cycle.push_back(k);
    cell.capacity_ah.push_back(1.08);
    cell.voltage.cycle.push_back(k);
    for (const double v : cell.voltage.voltage_v) {
      const double share = (3.6 - v) / 1.6;
      const double dip =
          8.0 / life * static_cast<double>(k) / 100 * std::exp(-std::pow((v - 3.0) / 0.2, 2));
      cell.voltage.capacity_ah.push_back(1.08 * share - dip + 1e-5 * random.uniform());
    }
  }
  return cell;
}

Examples made_examples(int count) {
  Examples examples;
  for (int i = 0; i < count; ++i) {
    const double life = 400 * std::exp(1.2 * ((i * 7) % count) / count);
    auto example = make_example(made_cell(i, life), 100);
    example.b = 4;
    example.a = std::log(kEndOfLife - example.c) - 4 * std::log(life - 1);
    examples.push_back(std::move(example));
  }
  return examples;
}

double log_rmse(const std::vector<Estimate>& estimates, const Examples& cells) {
  double sum = 0;
  for (std::size_t i = 0; i < cells.size(); ++i)
    sum += std::pow(std::log(estimates[i].life / cells[i].life), 2);
  return std::sqrt(sum / static_cast<double>(cells.size()));
}

TEST(Tokens, HoldTheShiftOfTheirVoltageAndCycle) {
  const auto tokens = make_tokens(made_cell(1, 800), 100);
  ASSERT_EQ(tokens.patches.size(), 300);
  // The dip is deepest at 3.0 V, index 37 of the grid, and grows with the cycle.
  const auto at = [&](int moment) {
    return tokens.patches[static_cast<std::size_t>(moment * 100 + 37)];
  };
  EXPECT_LT(at(2), at(1));
  EXPECT_LT(at(1), at(0));
  EXPECT_NEAR(2e-3 * std::sinh(at(2)), -8.0 / 800 * 0.88,
              1e-4);  // cycles 96 to 100 against 8 to 12
  EXPECT_NEAR(tokens.summary[1], std::log10(8.0 / 800 * 0.88), 0.01);
  EXPECT_NEAR(tokens.summary[2], 1.08 * (3.6 - token_voltages().back()) / 1.6, 1e-3);
}

TEST(Tokens, OfAnotherVoltageGridAreTheSame) {
  const auto cell = made_cell(1, 800);
  auto fine = cell;
  fine.voltage.voltage_v.clear();
  fine.voltage.capacity_ah.clear();
  for (int i = 0; i < 199; ++i)
    fine.voltage.voltage_v.push_back(
        (cell.voltage.voltage_v[static_cast<std::size_t>(i / 2)] +
         cell.voltage.voltage_v[static_cast<std::size_t>((i + 1) / 2)]) /
        2);
  for (std::size_t k = 0; k < cell.voltage.cycle.size(); ++k) {
    for (std::size_t i = 0; i < 199; ++i)
      fine.voltage.capacity_ah.push_back(
          (cell.voltage.row(k)[i / 2] + cell.voltage.row(k)[(i + 1) / 2]) / 2);
  }
  const auto a = make_tokens(cell, 100), b = make_tokens(fine, 100);
  for (std::size_t i = 0; i < a.patches.size(); ++i) EXPECT_NEAR(a.patches[i], b.patches[i], 1e-9);
}

TEST(Tokens, SayWhatIsMissing) {
  auto cell = made_cell(1, 800);
  EXPECT_TRUE(has_tokens(cell, 100));
  cell.voltage = {};
  EXPECT_FALSE(has_tokens(cell, 100));
  EXPECT_THROW(make_tokens(cell, 100), InputError);
  EXPECT_THROW(make_tokens(made_cell(1, 800), 19), InputError);
}

AttentionLifeSpec small() {
  AttentionLifeSpec spec;
  spec.members = 1;
  spec.steps = 150;
  return spec;
}

TEST(AttentionLife, LearnsAndSurvivesItsFile) {
  const auto cells = made_examples(24);
  AttentionLife model(small());
  model.fit(cells, 3);
  const auto estimates = model.predict(cells);
  EXPECT_LT(log_rmse(estimates, cells), 0.12);  // the spread of log life is 0.35
  std::map<std::string, torch::Tensor> stored;
  for (const auto& [name, tensor] : model.state()) stored[name] = tensor.clone();
  AttentionLife again(small());
  again.load(stored);
  const auto same = again.predict(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) EXPECT_EQ(estimates[i].life, same[i].life);
  stored.erase("mean");
  EXPECT_THROW(again.load(stored), InputError);
}

TEST(AttentionLife, IsTheSameForTheSameSeedAndReachesItsLifeExactly) {
  const auto cells = made_examples(12);
  AttentionLife a(small()), b(small()), c(small());
  a.fit(cells, 1);
  b.fit(cells, 1);
  c.fit(cells, 2);
  EXPECT_EQ(a.predict(cells)[0].life, b.predict(cells)[0].life);
  EXPECT_NE(a.predict(cells)[0].life, c.predict(cells)[0].life);
  for (const auto& estimate : a.predict(cells))
    EXPECT_NEAR(estimate.curve.loss(estimate.life), kEndOfLife, 1e-12);
}

TEST(AttentionLife, RefusesCellsWithoutCurves) {
  auto cells = made_examples(12);
  AttentionLife model(small());
  cells[3].tokens.clear();
  EXPECT_THROW(model.fit(cells, 1), InputError);
}

TEST(AttentionLife, CrossValidatesOnTheTrainingCells) {
  SEVERSON_OR_SKIP(data);
  const auto rows = data.rows(Split::kTrain);
  const auto train = pick(severson_examples(data, *severson_folder(), 100), rows);
  std::vector<Cell> cells;
  for (const auto row : rows) cells.push_back(data.cells[row]);
  AttentionLifeSpec spec;
  spec.members = 1;
  const auto held = hold_out(
      train, cells, even_folds(train, 5, 1), [&] { return std::make_unique<AttentionLife>(spec); },
      1, 2);
  double sum = 0, logs = 0;
  for (const auto& h : held) {
    sum += std::pow(h.estimate.life - h.example.life, 2);
    logs += std::pow(std::log(h.estimate.life / h.example.life), 2);
  }
  EXPECT_LT(std::sqrt(sum / 41), 105);
  EXPECT_LT(std::sqrt(logs / 41), 0.13);
}

}  // namespace
}  // namespace regard::battery
