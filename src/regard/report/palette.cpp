#include "regard/report/palette.hpp"

#include <array>

#include "regard/base/text.hpp"
#include "regard/report/comparison.hpp"

namespace regard::report {
namespace {

// Yellow (#F0E442) is left out: it vanishes on white.
constexpr std::array kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                 "#E69F00", "#56B4E9", "#000000"};
constexpr std::array kDashes = {"solid", "dashdot", "longdash"};
constexpr std::array kSymbols = {"circle", "square",   "diamond", "triangle-up",
                                 "cross",  "pentagon", "star"};
constexpr std::array kGreys = {"#6B6B6B", "#9A9A9A"};
constexpr std::array kGreyDashes = {"dash", "dot"};

}  // namespace

std::map<std::string, Mark> marks(const std::vector<std::string>& phrases) {
  std::map<std::string, Mark> all;
  std::size_t coloured = 0, grey = 0;
  for (const auto& phrase : phrases) {
    if (is_control(phrase)) {
      all[phrase] = {kGreys[grey % kGreys.size()], kGreyDashes[grey % kGreyDashes.size()],
                     "x-thin-open"};
      ++grey;
    } else {
      all[phrase] = {kColours[coloured % kColours.size()],
                     kDashes[coloured / kColours.size() % kDashes.size()],
                     kSymbols[coloured % kSymbols.size()]};
      ++coloured;
    }
  }
  return all;
}

std::string translucent(const std::string& colour, double alpha) {
  const auto channel = [&](std::size_t at) {
    return std::to_string(std::stoi(colour.substr(at, 2), nullptr, 16));
  };
  return "rgba(" + channel(1) + "," + channel(3) + "," + channel(5) + "," + shortest(alpha) + ")";
}

}  // namespace regard::report
