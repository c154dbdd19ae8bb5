#include "regard/battery/curve.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/battery/spikes.hpp"

namespace regard::battery {

std::string to_text(Reach reach) {
  switch (reach) {
    case Reach::kReached:
      return "reached";
    case Reach::kExtrapolated:
      return "extrapolated";
    case Reach::kNotReached:
      return "not reached";
    case Reach::kUndefined:
      return "undefined";
  }
  return "";
}

double PowerLaw::loss(double cycle) const {
  return std::exp(a + b * std::log(std::max(cycle - 1, 0.0))) + c;
}

double PowerLaw::x_at(double threshold) const {
  if (!(threshold > c) || !(b > 0)) return kMissing;
  // In logarithms: exp(-A) alone overflows where A is far below zero.
  return std::exp((std::log(threshold - c) - a) / b);
}

Life PowerLaw::life(double threshold, double last_cycle) const {
  Life life;
  if (!(threshold > c)) return life;
  life.reach = Reach::kNotReached;
  const double cycle = x_at(threshold) + 1;
  if (!(cycle <= kHorizon)) return life;
  life.reach = cycle <= last_cycle ? Reach::kReached : Reach::kExtrapolated;
  life.cycle = cycle;
  return life;
}

PowerLaw PowerLaw::through(double life, double b, double c, double threshold) {
  if (!(life > 1) || !(b > 0) || !(threshold > c))
    throw InputError("curve through a life: life > 1, B > 0 and threshold > C were expected, and " +
                     shortest(life) + ", " + shortest(b) + ", " + shortest(threshold) + " and " +
                     shortest(c) + " came");
  return {std::log(threshold - c) - b * std::log(life - 1), b, c};
}

Threshold parse_threshold(const std::string& text, double nominal_ah) {
  const auto whole = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  const auto unit = trim(std::string_view(end, whole.data() + whole.size()));
  if (error != std::errc{} || (unit != "" && unit != "%" && unit != "Ah" && unit != "mAh"))
    throw InputError(
        "threshold: a loss such as 0.2 or 20%, or a capacity such as 0.88Ah or 880mAh "
        "was expected, and \"" +
        text + "\" came");
  if (unit == "Ah" || unit == "mAh") {
    if (unit == "mAh") value /= 1000;
    if (!(value > 0 && value < nominal_ah))
      throw InputError("threshold: a capacity between 0 and the nominal " + shortest(nominal_ah) +
                       " Ah was expected, and \"" + text + "\" came");
    return {whole, 1 - value / nominal_ah};
  }
  const double loss = unit == "%" ? value / 100 : value;
  if (!(loss > 0 && loss < 1))
    throw InputError(
        "threshold: a loss between 0 and 1 was expected, and \"" + text + "\" came" +
        (unit.empty() && value >= 1 && value < 100 ? "; did you mean " + whole + "%?" : ""));
  return {whole, loss};
}

double measured_life(const Cell& cell, double threshold) {
  const auto off = outliers(cell);
  for (std::size_t i = 0; i < cell.cycles(); ++i) {
    if (cell.loss(i) > threshold && !std::binary_search(off.begin(), off.end(), i))
      return static_cast<double>(cell.cycle[i]);
  }
  return kMissing;
}

}  // namespace regard::battery
