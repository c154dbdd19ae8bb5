// The rows of a bench for people and for programs.
#pragma once

#include "regard/lab/bench/bench.hpp"

namespace regard::lab {

/// One table for all rows: time, what peers take relative to ours, share of the ceiling, errors.
report::Table bench_table(const BenchReport& report);

/// Device, dtype, threads and ceilings in a line each.
std::string bench_heading(const BenchReport& report);

/// One table for each row that was profiled; "" without.
std::string profiles_text(const BenchReport& report);

/// {"machine", "device", "dtype", "threads", "ceiling", "rows": [{...}]}; times in milliseconds,
/// those of a profile in microseconds.
std::string bench_json(const BenchReport& report);

}  // namespace regard::lab
