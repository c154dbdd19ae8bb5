// The answer of a comparison: one table, one sentence.
#pragma once

#include <string>
#include <vector>

#include "regard/report/comparison.hpp"
#include "regard/report/table.hpp"

namespace regard::report {

/// A row for each phrase, best first: mean ± half of the 95 % interval over seeds, the difference
/// to the first phrase paired over seeds with its verdict, parameters, speed, time and memory.
Table summary(const Comparison& comparison);

/// A row for each run, finished or not.
Table every_run(const Comparison& comparison);

/// `sentence` says which phrase is best, by how much, and whether that can be told from chance;
/// `remarks` add the controls and what went wrong. `...` marks code.
struct Answer {
  std::string sentence;
  std::vector<std::string> remarks;
};
Answer answer(const Comparison& comparison);

/// Better, worse, or why that cannot be said, for a difference of quality.
std::string judged(const Comparison& comparison, Verdict verdict);

}  // namespace regard::report
