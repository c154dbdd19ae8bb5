// The folder of a simulation: report.html, events.csv, samples.csv, events.jsonl.
#pragma once

#include <filesystem>

#include "regard/theory/particles/report.hpp"

namespace regard::particles {

/// Writes what the outcomes say; each file appears whole or not at all, and the bytes depend on them alone.
void write_results(const std::filesystem::path& folder, const Spec& spec, const Cloud& start,
                   const std::vector<Outcome>& outcomes, const Environment& environment);

}  // namespace regard::particles
