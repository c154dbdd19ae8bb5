// Whether a kernel takes what it is asked, and why not.
#pragma once

#include <string>
#include <utility>

namespace regard::ops {

/// Yes, or no and the reason.
struct Support {
  bool ok = true;
  std::string why;
  static Support yes() { return {}; }
  static Support no(std::string why) { return {false, std::move(why)}; }
};

/// One row of a table of candidates, printed by `regard explain`.
struct Candidate {
  std::string name;
  Support support;
  bool chosen = false;
};

}  // namespace regard::ops
