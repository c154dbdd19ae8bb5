#include "regard/battery/severson.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::battery {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kCells = 124, kEarlyCycles = 99, kCoarse = 100, kFine = 1000;

// Qn_test2.csv also holds three noisy channels that Severson et al. dropped.
constexpr std::size_t kDroppedSecondary[] = {2, 39, 40};

std::vector<float> read_floats(const fs::path& path, std::size_t count) {
  static_assert(std::endian::native == std::endian::little, "the files are little-endian");
  const auto bytes = read_file(path);
  if (bytes.size() != count * sizeof(float))
    throw InputError(path.string() + ": " + std::to_string(count * sizeof(float)) +
                     " bytes were expected, and " + std::to_string(bytes.size()) + " came");
  std::vector<float> values(count);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

Split split_from_text(const CsvTable& table, std::size_t row, std::size_t column) {
  const auto& word = table.text(row, column);
  if (word == "train") return Split::kTrain;
  if (word == "test1") return Split::kPrimary;
  if (word == "test2") return Split::kSecondary;
  throw InputError(table.place(row, column) + ": train, test1 or test2 was expected, and \"" +
                   word + "\" came");
}

void expect_rows(const CsvTable& table, std::size_t rows) {
  if (table.rows() != rows)
    throw InputError(table.file() + ": " + std::to_string(rows) + " rows were expected, and " +
                     std::to_string(table.rows()) + " came");
}

/// Row r of a file of curves (column j is cycle j + 1, NaN where nothing was measured) goes to cell
/// `to[r]`.
void read_capacities(const fs::path& path, const std::vector<std::size_t>& to,
                     std::vector<Cell>& cells) {
  const CsvTable table(path, Header::kNo);
  expect_rows(table, to.size());
  for (std::size_t r = 0; r < to.size(); ++r) {
    if (to[r] >= cells.size()) continue;
    auto& cell = cells[to[r]];
    for (std::size_t j = 0; j < table.width(); ++j) {
      const double capacity = table.number(r, j);
      if (std::isnan(capacity)) continue;
      cell.cycle.push_back(static_cast<int64_t>(j) + 1);
      cell.capacity_ah.push_back(capacity);
    }
  }
}

std::vector<double> voltages(std::size_t step) {
  std::vector<double> grid;
  for (std::size_t i = 0; i < kFine; i += step)
    grid.push_back(3.6 - 1.6 * static_cast<double>(i) / (kFine - 1));
  return grid;
}

std::vector<Cell> read_estimated(const fs::path& path, const Severson& from) {
  std::vector<Cell> curves;
  if (!fs::exists(path)) return curves;
  const CsvTable table(path);
  const auto name = table.column("cell"), cycle = table.column("est_cycle"),
             capacity = table.column("qd_ah");
  for (std::size_t r = 0; r < table.rows(); ++r) {
    if (curves.empty() || curves.back().name != table.text(r, name)) {
      const auto& cell = from.cells[from.row(table.text(r, name))];
      Cell curve;
      curve.name = cell.name;
      curve.batch = cell.batch;
      curve.charge_policy = cell.charge_policy;
      curve.nominal_ah = cell.nominal_ah;
      curve.life = cell.life;
      curves.push_back(curve);
    }
    curves.back().cycle.push_back(table.whole(r, cycle));
    curves.back().capacity_ah.push_back(table.finite(r, capacity));
  }
  return curves;
}

void read_index(const fs::path& folder, Severson& data) {
  const CsvTable index(folder / "cells.csv"), policies(folder / "severson_si_table9.csv");
  expect_rows(index, kCells);
  expect_rows(policies, kCells);
  const auto name = index.column("cell"), split = index.column("split"),
             life = index.column("cycle_life"), policy = policies.column("Charging policy");
  for (std::size_t r = 0; r < kCells; ++r) {
    Cell cell;
    cell.name = index.text(r, name);
    cell.batch = cell.name.substr(1, 1);
    cell.charge_policy = policies.text(r, policy);
    cell.nominal_ah = kSeversonNominalAh;
    cell.life = index.finite(r, life);
    data.cells.push_back(cell);
    data.split.push_back(split_from_text(index, r, split));
  }
}

void read_voltage_curves(const fs::path& folder, Spikes spikes, Severson& data) {
  const auto early =
      read_floats(folder / "qv_cycle2-100_v100.f32", kCells * kEarlyCycles * kCoarse);
  for (std::size_t c = 0; c < kCells; ++c) {
    auto& curves = data.cells[c].voltage;
    curves.voltage_v = voltages(kFine / kCoarse);
    for (std::size_t k = 0; k < kEarlyCycles; ++k)
      curves.cycle.push_back(static_cast<int64_t>(k) + 2);
    const auto* first = early.data() + c * kEarlyCycles * kCoarse;
    curves.capacity_ah.assign(first, first + kEarlyCycles * kCoarse);
    if (spikes == Spikes::kFilter) filter_spikes(curves, kSeversonNominalAh);
  }
  data.voltage_v = voltages(1);
  data.q10_q100 = read_floats(folder / "q10_q100_v1000.f32", kCells * 2 * kFine);
}

}  // namespace

std::string to_text(Split split) {
  return split == Split::kTrain ? "train" : split == Split::kPrimary ? "primary" : "secondary";
}

std::vector<std::size_t> Severson::rows(Split which) const {
  std::vector<std::size_t> found;
  for (std::size_t r = 0; r < split.size(); ++r) {
    if (split[r] == which) found.push_back(r);
  }
  return found;
}

std::size_t Severson::row(const std::string& name) const {
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (cells[r].name == name) return r;
  }
  throw InputError("a cell of the Severson set was expected (b1c0 to b3c45), and \"" + name +
                   "\" came");
}

Severson read_severson(const fs::path& folder, Spikes spikes) {
  Severson data;
  read_index(folder, data);
  read_voltage_curves(folder, spikes, data);
  read_capacities(folder / "Qn_train.csv", data.rows(Split::kTrain), data.cells);
  auto primary = data.rows(Split::kPrimary);
  std::erase(primary, data.row("b2c1"));  // the file leaves it out
  read_capacities(folder / "Qn_test1.csv", primary, data.cells);
  auto secondary = data.rows(Split::kSecondary);
  for (const auto dropped : kDroppedSecondary)
    secondary.insert(secondary.begin() + static_cast<std::ptrdiff_t>(dropped), kCells);
  read_capacities(folder / "Qn_test2.csv", secondary, data.cells);
  data.estimated_curves = read_estimated(folder / "test2_capacity_est_index.csv", data);
  return data;
}

CsvTable published_features(const fs::path& folder, int version) {
  if (version < 3 || version > 5)
    throw InputError("published features: version 3, 4 or 5 was expected, and " +
                     std::to_string(version) + " came");
  CsvTable table(folder / ("hybridpred_features" + std::to_string(version) +
                           (version == 3 ? "_with_ids.csv" : ".csv")));
  expect_rows(table, kCells);
  return table;
}

}  // namespace regard::battery
