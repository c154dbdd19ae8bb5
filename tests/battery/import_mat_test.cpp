#include <gtest/gtest.h>

#include <cmath>

#include "battery/mat_file.hpp"
#include "readers/helpers.hpp"
#include "regard/battery/import.hpp"

namespace regard::battery {
namespace {

using data::contains;
using data::input_error;
using data::TemporaryFolder;

constexpr int kCycles = 4;

std::vector<double> qdlin(int cell, int cycle) {
  std::vector<double> q;
  for (int v = 0; v < 1000; ++v) q.push_back((1.1 - 0.01 * cycle - 0.1 * cell) * v / 999);
  return q;
}

/// Two cells of four cycles; the first channel did not record cycle 1, the second has V, I, Qd.
void write_batch(const std::string& path, const std::vector<double>& cycle = {1, 2, 3, 4}) {
  MatFile mat(path);
  mat.group("/batch");
  mat.group("/refs");
  std::vector<std::string> summaries, cycles, lives, policies, barcodes;
  for (int c = 0; c < 2; ++c) {
    const auto base = "/refs/cell" + std::to_string(c);
    mat.group(base);
    mat.group(base + "/summary");
    mat.numbers(base + "/summary/cycle", cycle);
    mat.numbers(base + "/summary/QDischarge", {c == 0 ? 0 : 1.0, 1.07, 1.06, 1.05});
    mat.numbers(base + "/summary/IR", {0, 0.017, 0, 0.018});
    mat.numbers(base + "/summary/Tavg", {30, 31, 32, 33});
    mat.numbers(base + "/summary/chargetime", {13, 13.1, 13.2, 13.3});
    summaries.push_back(base + "/summary");
    mat.group(base + "/cycles");
    mat.group(base + "/data");
    std::vector<std::string> q, v, i;
    for (int k = 0; k < kCycles; ++k) {
      const auto name = base + "/data/" + std::to_string(k);
      if (c == 0) {
        mat.numbers(name + "q", qdlin(c, k));
      } else {
        mat.numbers(name + "v", {3.3, 3.6, 2.8, 2.0});
        mat.numbers(name + "i", {2, -4.4, -4.4, -4.4});
        mat.numbers(name + "q", {0, 0, 0.5, 1.0 - 0.01 * k});
        v.push_back(name + "v");
        i.push_back(name + "i");
      }
      q.push_back(name + "q");
    }
    mat.references(base + (c == 0 ? "/cycles/Qdlin" : "/cycles/Qd"), q);
    if (c == 1) {
      mat.references(base + "/cycles/V", v);
      mat.references(base + "/cycles/I", i);
    }
    cycles.push_back(base + "/cycles");
    mat.numbers(base + "/life", {c == 0 ? 1852.0 : std::nan("")});
    lives.push_back(base + "/life");
    mat.text(base + "/policy", "3.6C(80%)-3.6C");
    policies.push_back(base + "/policy");
    mat.text(base + "/barcode", "EL15080046051" + std::to_string(c));
    barcodes.push_back(base + "/barcode");
  }
  mat.references("/batch/summary", summaries);
  mat.references("/batch/cycles", cycles);
  mat.references("/batch/cycle_life", lives);
  mat.references("/batch/policy_readable", policies);
  mat.references("/batch/barcode", barcodes);
}

ImportSpec spec() {
  ImportSpec spec;
  spec.nominal_ah = 1.1;
  return spec;
}

TEST(ImportMat, ReadsSummariesCurvesAndText) {
  const TemporaryFolder folder;
  const auto path = folder / "batch.mat";
  write_batch(path);
  const auto imported = import_cells(path, spec());
  ASSERT_EQ(imported.cells.size(), 2u);
  const auto& a = imported.cells[0];
  EXPECT_EQ(a.name, "EL150800460510");
  EXPECT_EQ(a.batch, "batch");
  EXPECT_EQ(a.charge_policy, "3.6C(80%)-3.6C");
  EXPECT_EQ(a.life, 1852);
  EXPECT_TRUE(std::isnan(imported.cells[1].life));
  EXPECT_EQ(a.cycle, (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(a.capacity_ah, (std::vector<double>{1.07, 1.06, 1.05}));
  EXPECT_EQ(a.resistance_ohm[0], 0.017);
  EXPECT_TRUE(std::isnan(a.resistance_ohm[1]));
  EXPECT_EQ(a.temperature_c[0], 31);
  EXPECT_EQ(a.charge_time_min[2], 13.3);
  ASSERT_EQ(imported.notes.size(), 1u);
  EXPECT_TRUE(contains(imported.notes[0], "1 cycles without a capacity are left out"));
}

TEST(ImportMat, ACurveBelongsToItsCycle) {
  const TemporaryFolder folder;
  const auto path = folder / "batch.mat";
  write_batch(path);
  const auto cells = import_cells(path, spec()).cells;
  EXPECT_EQ(cells[0].voltage.cycle, (std::vector<int64_t>{2, 3, 4}));
  for (int cycle = 2; cycle <= 4; ++cycle) {
    const auto row = cells[0].voltage.at(cycle);
    const auto fine = qdlin(0, cycle - 1);
    for (std::size_t v = 0; v < 100; ++v) EXPECT_NEAR(row[v], fine[10 * v], 1e-9);
  }
  // From V, I and Qd: the charge at 3.3 V is left out; 3.2 V lies halfway between 3.6 and 2.8.
  EXPECT_EQ(cells[1].voltage.cycle, (std::vector<int64_t>{1, 2, 3, 4}));
  const auto row = cells[1].voltage.at(3);
  EXPECT_NEAR(row[0], 0, 1e-12);
  EXPECT_NEAR(row[25], 0.5 * 1.6 * 250 / 999 / 0.8, 1e-9);
}

TEST(ImportMat, SaysWhatTheFileLacks) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name) {
    return input_error([&] { import_cells(folder / name, spec()); });
  };
  folder.write("text.mat", "MATLAB 5.0 MAT-file");
  EXPECT_TRUE(contains(error("text.mat"), "an HDF5 file was expected (.mat of version 7.3)"));
  { MatFile(folder / "empty.mat").group("/other"); }
  EXPECT_TRUE(
      contains(error("empty.mat"), "empty.mat: \"batch\" was expected, and it is not there"));
  {
    MatFile mat(folder / "bare.mat");
    mat.group("/batch");
    mat.numbers("/batch/summary", {1, 2});
  }
  EXPECT_TRUE(contains(error("bare.mat"), "bare.mat, batch/summary: references were expected"));
  {
    MatFile mat(folder / "short.mat");
    mat.group("/batch");
    mat.group("/s");
    mat.numbers("/s/cycle", {1, 2, 3});
    mat.numbers("/s/QDischarge", {1.1, 1.1});
    mat.references("/batch/summary", {"/s"});
  }
  EXPECT_TRUE(
      contains(error("short.mat"),
               "batch/summary[0]/QDischarge: 3 values were expected, one a cycle, and 2 came"));
  write_batch(folder / "order.mat", {1, 2, 2, 3});
  EXPECT_TRUE(
      contains(error("order.mat"), "/cycle, element 3: a whole cycle number above 2 was expected"));
  auto other = spec();
  other.nominal_ah = 0.01;
  write_batch(folder / "unit.mat");
  EXPECT_TRUE(contains(input_error([&] { import_cells(folder / "unit.mat", other); }),
                       "QDischarge, element 2: a capacity of at most"));
}

TEST(ImportMat, ACutFileIsRefused) {
  const TemporaryFolder folder;
  write_batch(folder / "whole.mat");
  std::ifstream in(folder / "whole.mat", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  folder.write("cut.mat", bytes.substr(0, bytes.size() / 2));
  EXPECT_FALSE(input_error([&] { import_cells(folder / "cut.mat", spec()); }).empty());
}

}  // namespace
}  // namespace regard::battery
