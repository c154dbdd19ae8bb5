// A checkpoint: one file of named arrays whose rename is the only commit point, which knows its
// run.
//
//   metadata "regard" = {"version": 1, <state>, "seed": 1, "recipe": "[run]\n..."}, beside the
//   caller's notes
//
// No clock and no path: two runs of one recipe on one machine write the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "regard/base/json.hpp"
#include "regard/run/arrays.hpp"

namespace regard::run {

/// What a run has come to besides its arrays: one JSON object without the keys version, seed and
/// recipe.
using State = Json;

/// Which run a checkpoint belongs to.
struct Identity {
  std::string recipe;  // everything that decides the result, in one canonical text
  int64_t seed = 1;
  Metadata notes;  // what the caller wants to find again (kind of model, vocabulary)
};

void save_checkpoint(const std::filesystem::path& path, const Arrays& arrays, const State& state,
                     const Identity& identity);

struct Checkpoint {
  Arrays arrays;
  State state;
};
/// InputError when the file is damaged, of another version, or of another recipe or seed.
Checkpoint load_checkpoint(const std::filesystem::path& path, const Identity& identity);

/// The two halves for whoever keeps arrays elsewhere: the metadata of a checkpoint, and the state
/// in it.
/// `path` names the file in an InputError.
Metadata to_metadata(const State& state, const Identity& identity);
State state_of(const Metadata& metadata, const Identity& identity,
               const std::filesystem::path& path);

}  // namespace regard::run
