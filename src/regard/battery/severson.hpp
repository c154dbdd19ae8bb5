// The 124 cells of Severson et al. 2019 (A123 APR18650M1A, LFP/graphite, 1.1 Ah, 30 C, 4C
// discharge).
//
// Sources: Severson et al., Nature Energy 4, 383 (2019); Attia et al., Nature 578, 397 (2020);
// Attia et al., J. Electrochem. Soc. 168, 090547 (2021). End of life: discharge capacity below 0.88
// Ah (80 % of 1.1).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "regard/battery/cell.hpp"
#include "regard/battery/csv.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {

inline constexpr double kSeversonNominalAh = 1.1;

/// 41, 43 and 40 cells. Row order: batch 1 (41 cells), batch 2 (43), batch 3 (40); train are the
/// odd rows up to 81, primary the even rows up to 82 and row 83, secondary the rest.
enum class Split { kTrain, kPrimary, kSecondary };
std::string to_text(Split split);  // "train", "primary", "secondary"

struct Severson {
  /// In row order, with batch, policy, life and Q(V) of cycles 2 to 100 at 100 voltages from 3.6 V.
  /// Capacities per cycle: the whole life (train, primary), cycles 1 to 88 (secondary), none
  /// (b2c1). Cycle 1 of batch 1 is absent.
  std::vector<Cell> cells;
  std::vector<Split> split;  // (124)

  std::vector<double> voltage_v;  // (1000) from 3.6 down to 2.0
  std::vector<float> q10_q100;    // (124, 2, 1000) Ah: Q(V) of cycles 10 and 100, on the fine grid
  std::span<const float> q10(std::size_t cell) const { return fine(cell, 0); }
  std::span<const float> q100(std::size_t cell) const { return fine(cell, 1); }

  /// Whole curves of 22 secondary cells with an estimated cycle index (exact over the first 88
  /// cycles; worst error of a cell: median 6 cycles, 90th percentile 26), which stop 5 to 18 % of
  /// the life before its end. For curve errors and figures only; the name tells which cell.
  std::vector<Cell> estimated_curves;

  /// The rows of one split, rising.
  std::vector<std::size_t> rows(Split split) const;
  /// The row of the cell with this name; InputError.
  std::size_t row(const std::string& name) const;

 private:
  std::span<const float> fine(std::size_t cell, std::size_t which) const {
    return std::span(q10_q100).subspan((2 * cell + which) * voltage_v.size(), voltage_v.size());
  }
};

/// Reads the folder (cells.csv, severson_si_table9.csv, Qn_*.csv, the two .f32 files and, when it
/// is there, test2_capacity_est_index.csv). InputError names what is missing or has another size.
/// Seven Q(V) curves contain spikes of acquisition, which Spikes::kFilter replaces.
Severson read_severson(const std::filesystem::path& folder, Spikes spikes = Spikes::kFilter);

/// The early-cycle features published with arXiv 2404.17174 (hybridpred_features<3|4|5>.csv), 124
/// rows in row order. Faults of the files: DeltaQ_logMean repeats DeltaQ_logMin; min_IR is 0
/// (missing) for 10 cells; fade slopes are polluted by capacity spikes. Nothing is mended here: the
/// paper's model needs them as they are.
CsvTable published_features(const std::filesystem::path& folder, int version = 5);

}  // namespace regard::battery
