#include "regard/lab/bench/report.hpp"

#include <cmath>
#include <cstdio>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/bench/load.hpp"

namespace regard::lab {
namespace {
using report::Align;
using report::Cell;

constexpr double kMs = 1e3;

Cell scientific(double value) {
  if (!std::isfinite(value)) return report::number(report::kAbsent, 0);
  return {formatted(value, "%.1e"), value, report::kAbsent};
}

/// Three digits that count.
Cell milliseconds(double seconds, bool measured) {
  const double ms = seconds * kMs;
  return report::number(measured ? ms : report::kAbsent, ms < 10 ? 3 : ms < 100 ? 2 : 1);
}

double share(const BenchRow& row) {
  return row.time.repeats > 0 ? 100 * row.floor / row.time.median : report::kAbsent;
}

Json or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json to_json(const Profile& profile) {
  constexpr double kMicroseconds = 1e6;
  Json rows = Json::array();
  double total = 0;
  for (const auto& row : profile.rows) total += row.seconds;
  for (const auto& row : profile.rows) {
    rows.push_back({{"name", row.name},
                    {"short_name", short_name(row.name)},
                    {"calls", row.calls},
                    {"microseconds", row.seconds * kMicroseconds},
                    {"share", row.seconds / total}});
  }
  Json out{{"of", profile.kernels ? "kernels" : "operators"},
           {"steps", profile.steps},
           {"total_microseconds", total * kMicroseconds},
           {"span_microseconds", profile.span * kMicroseconds},
           {"busy_microseconds", profile.busy * kMicroseconds},
           {"trace", profile.file},
           {"rows", rows}};
  if (!profile.note.empty()) out["note"] = profile.note;
  return out;
}

Json to_json(const BenchReport& report, const BenchRow& row) {
  const bool measured = row.time.repeats > 0;
  const auto time = [&](double seconds) { return measured ? Json(seconds * kMs) : Json(); };
  Json out{{"test", row.test},
           {"shape", row.shape.name},
           {"sizes", to_text(row.shape)},
           {"attention", row.attention},
           {"implementation", row.implementation},
           {"kernel", row.kernel},
           {"dtype", report.dtype},
           {"device", report.device},
           {"threads", report.threads},
           {"median_ms", time(row.time.median)},
           {"p20_ms", time(row.time.p20)},
           {"p80_ms", time(row.time.p80)},
           {"repeats", row.time.repeats},
           {"tokens_per_second", measured ? Json(row.shape.tokens() / row.time.median) : Json()},
           {"ratio_to_regard", or_null(row.ratio)},
           {"flops", row.flops},
           {"bytes", row.bytes},
           {"floor_ms", or_null(row.floor * kMs)},
           {"percent_of_ceiling", or_null(share(row))},
           {"error", or_null(row.error)},
           {"gradient_error", or_null(row.gradient_error)},
           {"other_cores", or_null(row.other_cores)}};
  if (row.parameters > 0) out["parameters"] = row.parameters;
  if (row.memory >= 0) out["memory_bytes"] = row.memory;
  if (!row.note.empty()) out["note"] = row.note;
  if (row.profile) out["profile"] = to_json(*row.profile);
  return out;
}

}  // namespace

report::Table bench_table(const BenchReport& report) {
  report::Table table;
  table.columns = {{"test", "test", "", Align::kLeft},
                   {"shape", "shape", "", Align::kLeft},
                   {"attention", "attention", "", Align::kLeft},
                   {"implementation", "implementation", "", Align::kLeft},
                   {"median_ms", "median", "ms", Align::kRight},
                   {"p20_ms", "p20", "ms", Align::kRight},
                   {"p80_ms", "p80", "ms", Align::kRight},
                   {"repeats", "turns", "", Align::kRight},
                   {"ratio", "time / regard", "", Align::kRight},
                   {"percent_of_ceiling", "of ceiling", "%", Align::kRight},
                   {"error", "error", "", Align::kRight},
                   {"gradient_error", "error grad", "", Align::kRight},
                   {"kernel", "kernel", "", Align::kLeft}};
  for (const auto& row : report.rows) {
    const bool measured = row.time.repeats > 0;
    table.rows.push_back(
        {report::word(row.test), report::word(row.shape.name), report::word(row.attention),
         report::word(row.implementation), milliseconds(row.time.median, measured),
         milliseconds(row.time.p20, measured), milliseconds(row.time.p80, measured),
         report::number(static_cast<double>(row.time.repeats), 0), report::number(row.ratio, 2),
         report::number(share(row), 1), scientific(row.error), scientific(row.gradient_error),
         report::word(row.note.empty() ? row.kernel : row.note)});
  }
  table.notes = {
      "time / regard: median over turns of this time divided by ours in the same turn.",
      "of ceiling: least time for the FLOPs and bytes of the algorithm at the measured "
      "ceilings, over the "
      "median; above 100 where the data stays in a cache, which is faster than the copy.",
      "error: norm of the difference to float64 over the norm, on a reduced size of the "
      "same heads; of a "
      "training step, of the loss and of all gradients together."};
  double most = report.ceiling_other_cores;
  for (const auto& row : report.rows) most = std::fmax(most, row.other_cores);
  if (most > OtherLoad::kLimit) {
    table.notes.push_back("NOT QUIET: other processes took up to " + report::fixed(most, 1) +
                          " cores meanwhile; repeat on an idle machine before quoting a time.");
  }
  return table;
}

std::string bench_heading(const BenchReport& report) {
  char ceilings[160];
  std::snprintf(ceilings, sizeof ceilings,
                "%.4g TFLOP/s matrix product, %.4g GB/s copy (read + written)",
                report.ceiling.flops_per_second * 1e-12, report.ceiling.bytes_per_second * 1e-9);
  return report.device + ", " + report.dtype + ", " + std::to_string(report.threads) +
         (report.threads == 1 ? " thread" : " threads") + "\nceilings measured now: " + ceilings +
         "\n";
}

std::string profiles_text(const BenchReport& report) {
  std::string text;
  for (const auto& row : report.rows) {
    if (!row.profile) continue;
    text += "\n" + row.implementation + ": " + row.attention + ", " + row.shape.name + " (" +
            to_text(row.shape) + ")\n" + profile_sentence(*row.profile) + "\n\n" +
            report::to_text(profile_table(*row.profile));
  }
  return text;
}

std::string bench_json(const BenchReport& report) {
  Json machine;
  for (const auto& [name, value] : report.machine) machine[name] = value;
  Json rows = Json::array();
  for (const auto& row : report.rows) rows.push_back(to_json(report, row));
  const Json out{{"machine", machine},
                 {"device", report.device},
                 {"dtype", report.dtype},
                 {"threads", report.threads},
                 {"ceiling",
                  {{"flops_per_second", report.ceiling.flops_per_second},
                   {"bytes_per_second", report.ceiling.bytes_per_second},
                   {"other_cores", or_null(report.ceiling_other_cores)}}},
                 {"rows", rows}};
  return out.dump(2) + "\n";
}

}  // namespace regard::lab
