#include "regard/battery/import.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "battery/data.hpp"
#include "readers/helpers.hpp"

namespace regard::battery {
namespace {

using data::contains;
using data::input_error;
using data::TemporaryFolder;

ImportSpec nominal(double ah) {
  ImportSpec spec;
  spec.nominal_ah = ah;
  return spec;
}

/// The sentence that importing `content` as cells.csv ends in.
std::string fault(const std::string& content, ImportSpec spec = nominal(1.1)) {
  const TemporaryFolder folder;
  const auto path = folder.write("cells.csv", content);
  return input_error([&] { import_cells(path, spec); });
}

const std::string kLong = "cell,cycle,capacity_ah\n";

TEST(ImportLong, ReadsCellsInAnyOrderOfRowsWhoseCyclesRise) {
  const TemporaryFolder folder;
  const auto path = folder.write("cells.csv",
                                 "\xEF\xBB\xBF"
                                 "cell,cycle,capacity_ah,resistance_ohm,charge_time_min\r\n"
                                 "a,1,1.08,0,12\r\nb,1,1.07,0.02,13\r\na,2,1.07,0.018,\r\n\r\n"
                                 "\"b\",5,1.06,0.02,13.5\r\n");
  const auto imported = import_cells(path, nominal(1.1));
  ASSERT_EQ(imported.cells.size(), 2u);
  EXPECT_TRUE(imported.notes.empty());
  const auto& a = imported.cells[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.nominal_ah, 1.1);
  EXPECT_EQ(a.cycle, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(a.capacity_ah, (std::vector<double>{1.08, 1.07}));
  EXPECT_TRUE(std::isnan(a.resistance_ohm[0]));  // 0 is missing
  EXPECT_EQ(a.resistance_ohm[1], 0.018);
  EXPECT_TRUE(std::isnan(a.charge_time_min[1]));
  EXPECT_TRUE(a.temperature_c.empty());
  EXPECT_EQ(imported.cells[1].cycle.back(), 5);
}

TEST(ImportLong, TakesOtherNamesUnitsAndSeparators) {
  const TemporaryFolder folder;
  const auto path =
      folder.write("B7.csv", "N;Discharge_Capacity;ct;nominal\n0;1080;600;1100\n1;1070;540;1100\n");
  ImportSpec spec;
  spec.cycles_from = 0;
  for (const auto* c :
       {"cycle=N", "capacity=Discharge_Capacity", "charge_time=ct", "nominal=nominal"})
    spec.columns.rename(c);
  for (const auto* u : {"capacity=mAh", "charge_time=s", "nominal=mAh"}) spec.columns.set_unit(u);
  const auto cell = import_cells(path, spec).cells.at(0);
  EXPECT_EQ(cell.name, "B7");  // no column for the cell: the file's name
  EXPECT_EQ(cell.cycle, (std::vector<int64_t>{1, 2}));
  EXPECT_NEAR(cell.capacity_ah[0], 1.08, 1e-12);
  EXPECT_NEAR(cell.nominal_ah, 1.1, 1e-12);
  EXPECT_NEAR(cell.charge_time_min[1], 9, 1e-12);
}

TEST(ImportLong, ReadsWhatSpreadsheetsWrite) {
  const TemporaryFolder folder;
  const auto german =
      folder.write("german.csv", "sep=;\r\nCell;Cycle;Capacity_Ah\r\na;1;1,08\r\na;2;1.07\r\n");
  const auto cell = import_cells(german, nominal(1.1)).cells.at(0);
  EXPECT_EQ(cell.name, "a");
  EXPECT_EQ(cell.capacity_ah, (std::vector<double>{1.08, 1.07}));
  EXPECT_TRUE(contains(fault("cell;cycle;capacity_ah\na;1;1,080,1\n"),
                       "line 2, column capacity_ah: a number was expected, and \"1,080,1\" came"));
  const auto tabs = folder.write("tabs.csv", "cell\tcycle\tcapacity_ah\na\t1\t1,08\na\t2\t1,07\n");
  EXPECT_EQ(import_cells(tabs, nominal(1.1)).cells.at(0).capacity_ah, cell.capacity_ah);
  const auto quoted = folder.write("quoted.csv",
                                   "\"\";\"cell\";\"cycle\";\"capacity_ah\";\"Strom, mittel (A)\"\n"
                                   "\"1\";\"a\";\"1\";\"1,08\";1,1\n\"2\";\"a\";2;1,07;1,1\n");
  EXPECT_EQ(import_cells(quoted, nominal(1.1)).cells.at(0).capacity_ah, cell.capacity_ah);
  const auto named = folder.write(
      "named.csv", "cell;cycle;capacity_ah;Strom, mittel (A)\na;1;1,08;1,1\na;2;1,07;1,1\n");
  EXPECT_EQ(import_cells(named, nominal(1.1)).cells.at(0).capacity_ah, cell.capacity_ah);
  const auto notes =
      folder.write("notes.csv", "cell,cycle,capacity_ah,note;from\na,1,1.08,x;y\na,2,1.07,x;y\n");
  EXPECT_EQ(import_cells(notes, nominal(1.1)).cells.at(0).capacity_ah, cell.capacity_ah);
  // Two names that differ in case alone are two columns, and neither is taken for a third.
  EXPECT_TRUE(contains(fault("cell,cycle,CAPACITY_AH,Capacity_Ah\na,1,1,1\n"),
                       "a column \"capacity_ah\" was expected"));
}

TEST(ImportLong, ACellMayDieButNotChangeItsUnit) {
  const TemporaryFolder folder;
  const auto start = kLong + "a,1,1.08\na,2,1.07\na,3,1.06\na,4,1.05\na,5,0.6\n";
  const auto dead = folder.write("dead.csv", start + "a,6,0.1\na,7,0.002\n");
  EXPECT_EQ(import_cells(dead, nominal(1.1)).cells.at(0).cycles(), 7u);
  EXPECT_TRUE(contains(fault(start + "a,6,0.002\n"),
                       "line 7, column capacity_ah: a capacity of at least 0.0110 Ah"));
}

TEST(ImportTable, ReadsContentAsTheFileOfThatName) {
  const auto imported =
      import_table("my/B7.csv", "cycle,capacity_ah\n1,1.08\n2,1.07\n", nominal(1.1));
  EXPECT_EQ(imported.cells.at(0).name, "B7");
  EXPECT_TRUE(contains(input_error([] { import_table("my/B7.csv", "9,9\n", nominal(1.1)); }),
                       "my/B7.csv, cell B7: a nominal capacity near the first capacities"));
}

TEST(ImportLong, NamesFileLineColumnAndWhatWasExpected) {
  EXPECT_TRUE(contains(fault(""), "cells.csv: rows were expected, and the file is empty"));
  EXPECT_TRUE(contains(fault(kLong), "there is only the line of names"));
  EXPECT_TRUE(
      contains(fault("cell,cycle,capacity\na,1,1\n"),
               "a column \"capacity_ah\" was expected (--column capacity=NAME takes another); "
               "did you mean \"capacity\"?"));
  EXPECT_TRUE(contains(fault(kLong + "a,1,1.08\na,2\n"), "line 3: 3 cells were expected"));
  EXPECT_TRUE(
      contains(fault(kLong + "a,1,1.08\na,2,NaN\n"),
               "cells.csv, line 3, column capacity_ah: a number was expected, and \"NaN\""));
  EXPECT_TRUE(contains(fault(kLong + "a,1,1.08\na,2,\n"), "and nothing came"));
  EXPECT_TRUE(contains(fault(kLong + "a,1,inf\n"), "a number was expected, and \"inf\" came"));
  EXPECT_TRUE(contains(fault(kLong + "a,1,1.08x\n"), "and \"1.08x\" came"));
  EXPECT_TRUE(contains(fault(kLong + ",1,1.08\n"), "the name of a cell was expected"));
  EXPECT_TRUE(
      contains(fault(kLong + "a,1,-1\n"), "line 2, column capacity_ah: a capacity of at least 0"));
  EXPECT_TRUE(contains(fault("cell,cell,cycle\na,1,1\n"), "column \"cell\" comes twice"));
}

TEST(ImportLong, RefusesCyclesThatAreNone) {
  EXPECT_TRUE(contains(fault(kLong + "a,-3,1.08\n"),
                       "line 2, column cycle: a cycle number from 1 was expected, and -3 came"));
  EXPECT_TRUE(contains(fault(kLong + "a,0,1.08\n"), "--cycles-from 0 counts from 0"));
  EXPECT_TRUE(contains(fault(kLong + "a,1.5,1.08\n"), "a whole number was expected, and \"1.5\""));
  EXPECT_TRUE(
      contains(fault(kLong + "a,1,1.08\na,3,1.08\na,2,1.08\n"),
               "line 4, column cycle: a cycle number above 3, the one before of cell a, was "
               "expected, and 2 came"));
  EXPECT_TRUE(contains(fault(kLong + "a,1,1.08\nb,1,1.08\na,1,1.08\n"), "the cell comes twice"));
  auto spec = nominal(1.1);
  spec.cycles_from = 2;
  EXPECT_TRUE(contains(fault(kLong + "a,2,1.08\n", spec), "numbered from 0 or 1"));
}

TEST(ImportLong, RefusesUnitsAndNominalCapacitiesThatCannotBe) {
  EXPECT_TRUE(contains(fault(kLong + "a,1,1.08\na,2,1070\n"),
                       "line 3, column capacity_ah: a capacity of at most 22.0000 Ah"));
  EXPECT_TRUE(contains(fault(kLong + "a,1,1080\n"), "--unit capacity=mAh says so"));
  auto milli = nominal(1.1);
  milli.columns.set_unit("capacity=mAh");
  EXPECT_TRUE(contains(fault(kLong + "a,1,1080\na,2,1.07\n", milli),
                       "line 3, column capacity_ah: a capacity of at least 11.0000 mAh"));
  EXPECT_TRUE(
      contains(fault(kLong + "a,1,1.08\na,2,1.07\n", nominal(kMissing)), "--nominal gives it"));
  EXPECT_TRUE(contains(fault(kLong + "a,1,1.08\na,2,1.07\n", nominal(5)),
                       "near the first capacities, 1.0700 Ah"));
  EXPECT_TRUE(
      contains(fault(kLong + "a,1,1.08\na,2,1.07\n", nominal(-1.1)), "above 0 Ah was expected"));
  EXPECT_TRUE(
      contains(fault("cell,cycle,capacity_ah,nominal_ah\na,1,1.08,0\n", nominal(kMissing)),
               "line 2, column nominal_ah: a nominal capacity above 0 was expected, and 0 came"));
}

TEST(ImportSpec, SaysWhatQuantitiesAndUnitsThereAre) {
  Columns columns;
  EXPECT_TRUE(
      contains(input_error([&] { columns.rename("capasity=x"); }), "did you mean \"capacity\"?"));
  EXPECT_TRUE(
      contains(input_error([&] { columns.rename("capacity"); }), "quantity=value was expected"));
  EXPECT_TRUE(contains(input_error([&] { columns.set_unit("capacity=Wh"); }),
                       "Ah or mAh was expected, and \"Wh\""));
  EXPECT_TRUE(
      contains(input_error([&] { columns.set_unit("cycle=s"); }), "unknown quantity \"cycle\""));
  EXPECT_TRUE(contains(input_error([] { layout_from_text("tall"); }), "unknown \"tall\""));
}

TEST(ImportDirectory, ReadsItsFilesAndRefusesACellOfTwoFiles) {
  const TemporaryFolder folder;
  folder.write("cells/x.csv", "cycle,capacity_ah\n1,1.08\n2,1.07\n");
  folder.write("cells/y.tsv", "cycle\tcapacity_ah\n1\t1.05\n2\t1.04\n");
  folder.write("cells/notes.md", "no table");
  const auto imported = import_cells(folder / "cells", nominal(1.1));
  ASSERT_EQ(imported.cells.size(), 2u);
  EXPECT_EQ(imported.cells[0].name, "x");
  EXPECT_EQ(imported.cells[1].name, "y");
  folder.write("cells/z.csv", kLong + "x,1,1.08\n");
  const auto text = input_error([&] { import_cells(folder / "cells", nominal(1.1)); });
  EXPECT_TRUE(contains(text, "z.csv: cell \"x\" was expected once, and it is also in"));
  EXPECT_TRUE(contains(text, "x.csv"));
  folder.write("none/readme.md", "");
  EXPECT_TRUE(contains(input_error([&] { import_cells(folder / "none", nominal(1.1)); }),
                       "and there is none"));
  EXPECT_TRUE(contains(input_error([&] { import_cells(folder / "gone", nominal(1.1)); }),
                       "no such file or directory"));
}

TEST(ImportWide, ReadsARowForEachCell) {
  const TemporaryFolder folder;
  const auto path = folder.write("Qn.csv", "NaN,1.07,1.06,1.05\n1.08,1.07,NaN,NaN\n");
  const auto cells = import_cells(path, nominal(1.1)).cells;
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0].name, "Qn_row1");
  EXPECT_EQ(cells[0].cycle, (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(cells[1].capacity_ah, (std::vector<double>{1.08, 1.07}));
  for (const auto* text : {"1,08;1,07;1,06\n", "sep=;\n1,08;1,07;1,06\n", "1,08\t1,07\t1,06\n",
                           "1,08;1,07;1,06\n1,08;1,07;1\n"}) {
    const auto german = import_cells(folder.write("de.csv", text), nominal(1.1)).cells;
    EXPECT_EQ(german.at(0).capacity_ah, (std::vector<double>{1.08, 1.07, 1.06})) << text;
  }
  EXPECT_TRUE(contains(
      fault("1.08,NaN,1.06\n"),
      "cells.csv, line 1, column 2: a number was expected, since the record goes on in column 3"));
  EXPECT_TRUE(contains(fault("1.08,1.07\nNaN,NaN\n"), "line 2: capacities were expected"));
  EXPECT_TRUE(contains(fault("1.08,1070\n"), "line 1, column 2: a capacity of at most"));
}

TEST(ImportWide, ReadsTheSeversonSetAsTheSetReadsItself) {
  SEVERSON_OR_SKIP(data);
  const auto cells = import_cells(*severson_folder() / "Qn_train.csv", nominal(1.1)).cells;
  const auto train = data.rows(Split::kTrain);
  ASSERT_EQ(cells.size(), train.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    EXPECT_EQ(cells[i].cycle, data.cells[train[i]].cycle);
    EXPECT_EQ(cells[i].capacity_ah, data.cells[train[i]].capacity_ah);
  }
}

/// Cycles of charge (capacity stands still), rest and a discharge from 3.6 to 2.0 V whose capacity
/// is linear in voltage.
std::string traces(const std::vector<int64_t>& cycles, double sign, const std::string& cell) {
  std::string csv;
  const auto row = [&](int64_t cycle, double v, double i, double q) {
    csv += cell + "," + std::to_string(cycle) + "," + std::to_string(v) + "," + std::to_string(i) +
           "," + std::to_string(q) + "\n";
  };
  for (const auto cycle : cycles) {
    const double total = 1.1 - 0.001 * static_cast<double>(cycle);
    row(cycle, 3.2, -sign * 1.0, 0);
    row(cycle, 3.6, -sign * 1.0, 0);
    row(cycle, 3.6, 0, 0);
    for (int k = 0; k <= 160; ++k) row(cycle, 3.6 - 0.01 * k, sign * 4.4, total * k / 160);
    row(cycle, 2.4, 0, total);
  }
  return csv;
}
const std::string kTraces = "cell,cycle,voltage_v,current_a,capacity_ah\n";

TEST(ImportTraces, ReducesADischargeToItsCapacityAndItsCurve) {
  for (const double sign : {-1.0, 1.0}) {
    const TemporaryFolder folder;
    const auto path = folder.write("t.csv", kTraces + traces({2, 3, 120}, sign, "a"));
    auto spec = nominal(1.1);
    if (sign > 0) spec.discharge = DischargeSign::kPositive;
    const auto cell = import_cells(path, spec).cells.at(0);
    EXPECT_EQ(cell.cycle, (std::vector<int64_t>{2, 3, 120}));
    EXPECT_NEAR(cell.capacity_ah[0], 1.098, 1e-6);
    EXPECT_NEAR(cell.capacity_ah[2], 0.98, 1e-6);
    EXPECT_EQ(cell.voltage.cycle, (std::vector<int64_t>{2, 3}));  // curves up to cycle 100
    ASSERT_EQ(cell.voltage.voltage_v.size(), 100u);
    for (std::size_t v = 0; v < 100; ++v)
      EXPECT_NEAR(cell.voltage.at(3)[v], 1.097 * (3.6 - cell.voltage.voltage_v[v]) / 1.6, 1e-5);
  }
}

TEST(ImportTraces, TheGridIsThatOfTheSeversonSet) {
  SEVERSON_OR_SKIP(data);
  const auto grid = VoltageGrid{}.voltages();
  for (std::size_t v = 0; v < 100; ++v)
    EXPECT_NEAR(grid[v], data.cells[0].voltage.voltage_v[v], 1e-12);
}

TEST(ImportTraces, SaysWhatItLeavesOut) {
  const TemporaryFolder folder;
  const auto path =
      folder.write("t.csv", kTraces + "a,1,3.2,1,0\na,1,3.3,1,0\n" + traces({2, 3}, -1, "a"));
  const auto imported = import_cells(path, nominal(1.1));
  ASSERT_EQ(imported.notes.size(), 1u);
  EXPECT_TRUE(contains(imported.notes[0],
                       "cell a: 1 cycles without a discharge are left out, the first is cycle 1"));
}

TEST(ImportTraces, NamesTheRowThatIsWrong) {
  const auto good = traces({2, 3}, -1, "a");
  EXPECT_TRUE(contains(fault(kTraces + traces({2}, 1, "a")), "--discharge positive says so"));
  EXPECT_TRUE(contains(fault(kTraces + "a,2,3300,-4,0\n"),
                       "line 2, column voltage_v: a voltage of one cell was expected (-1 to 10 V), "
                       "and 3300 V came; is it in mV?"));
  EXPECT_TRUE(contains(
      fault(kTraces + "a,2,3.3,-4,0\na,2,3.2,-4,0.5\na,2,3.1,-4,0.2\n"),
      "line 4, column capacity_ah: a discharged capacity that does not fall within cycle 2"));
  const auto counter = [](const char* second, const char* third) {
    return fault(kTraces + "a,2,3.3,-4,0\na,2,3.2,-4," + second + "\na,2,3.1,-4," + third + "\n");
  };
  EXPECT_TRUE(contains(counter("0.5", "0.05"), "the counter starts again within the cycle"));
  EXPECT_TRUE(contains(counter("0.5", "0.45"), "--discharge positive says so"));
  EXPECT_TRUE(contains(fault(kTraces + good + traces({3}, -1, "b") + "a,3,3.3,-4,0\n"),
                       "the samples of cycle 3 of cell a were expected in one block"));
  EXPECT_TRUE(contains(fault(kTraces + good + "a,2,3.3,-4,0\n"), "a cycle number of at least 3"));
  EXPECT_TRUE(
      contains(fault(kTraces + "a,2,3.3,,0\n"), "line 2, column current_a: a number was expected"));
  auto spec = nominal(1.1);
  spec.grid = {2.0, 3.6, 100};
  EXPECT_TRUE(contains(fault(kTraces + good, spec), "voltages of at least 4 points that fall"));
}

TEST(Discharge, ARecoveryOfTheVoltageCountsOnce) {
  const Discharge d = {{3.5, 3.0, 3.2, 2.5}, {0, 0.5, 0.6, 1}};
  const auto q = capacity_on_grid(d, {3.6, 3.5, 3.25, 3.1, 2.9, 2.0});
  EXPECT_EQ(q[0], 0);
  EXPECT_EQ(q[1], 0);
  EXPECT_NEAR(q[2], 0.25, 1e-12);
  EXPECT_NEAR(q[3], 0.4, 1e-12);
  EXPECT_NEAR(q[4], 0.6 + 0.4 * 0.3 / 0.7, 1e-12);
  EXPECT_EQ(q[5], 1);
}

}  // namespace
}  // namespace regard::battery
