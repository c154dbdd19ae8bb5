// Line styles that tell phrases apart: colours safe for colour-blind eyes (Okabe and Ito, 2008).
#pragma once

#include <map>
#include <string>
#include <vector>

namespace regard::report {

struct Mark {
  std::string colour;  // "#0072B2"
  std::string dash;    // Plotly's word: solid, dash, dot, ...
  std::string symbol;  // Plotly's marker
};

/// A mark for each phrase, by position; `off` and `mean` are dashed grey, whatever their position.
std::map<std::string, Mark> marks(const std::vector<std::string>& phrases);

/// "#0072B2" at 15 % as "rgba(0,114,178,0.15)".
std::string translucent(const std::string& colour, double alpha);

}  // namespace regard::report
