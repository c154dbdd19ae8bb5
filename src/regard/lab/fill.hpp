// What a masked language model puts where a text says [MASK].
#pragma once

#include <string>
#include <vector>

#include "regard/lab/session.hpp"

namespace regard::lab {

struct FilledPiece {
  std::string piece;
  double probability = 0;
};

struct Filled {
  std::vector<std::vector<FilledPiece>> places;  // of each [MASK] the likeliest pieces, best first
  std::string text;                              // with the best piece at each
};

/// InputError where the run is no masked language model, where the text has no [MASK], and where
/// it is longer than the model reads. [MASK] alone is special in it; all else is plain text.
Filled fill(const TrainedRun& run, const std::string& text, int64_t top);

}  // namespace regard::lab
