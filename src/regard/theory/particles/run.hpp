// A simulation in a folder: checkpoints, resume, signals, and what it leaves.
//
//   recipe.toml  metrics.jsonl  last.safetensors  events.csv  events.jsonl  samples.csv
//   trajectory.safetensors  report.html
//
// A run that was killed and resumed leaves the same bytes as one that was not.
#pragma once

#include <filesystem>

#include "regard/run/folder.hpp"
#include "regard/theory/particles/report.hpp"

namespace regard::particles {

/// Runs `spec` from `start` in `folder`, or goes on from its last checkpoint. InputError for
/// another recipe, other points or a used folder; Interrupted after a signal, with the state saved.
std::vector<Outcome> run_in(const run::Folder& folder, const Spec& spec, const Cloud& start,
                            const kernels::ParallelFor& parallel, const Environment& environment);

/// The spec of an earlier run in `folder`.
Spec recipe_of(const std::filesystem::path& folder);

}  // namespace regard::particles
