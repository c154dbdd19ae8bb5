#include "regard/lab/bench/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <string>

#include "regard/base/clock.hpp"

namespace regard::lab {
namespace {

/// Seconds of all cores in use since boot; "steal", what the host gave to other guests, counts as
/// use.
double busy_seconds() {
  std::ifstream in("/proc/stat");
  std::string label;
  std::array<double, 8> ticks{};  // user nice system idle iowait irq softirq steal
  if (!(in >> label) || label != "cpu") return std::numeric_limits<double>::quiet_NaN();
  for (auto& t : ticks) in >> t;
  const double busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7];
  return busy / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

OtherLoad::OtherLoad() : wall_(seconds_now()), own_(cpu_seconds_now()), busy_(busy_seconds()) {}

double OtherLoad::cores() const {
  // The system counts in ticks of 10 ms; a shorter span says nothing.
  const double wall = seconds_now() - wall_;
  if (wall < 0.1) return std::numeric_limits<double>::quiet_NaN();
  const double others = (busy_seconds() - busy_) - (cpu_seconds_now() - own_);
  return std::max(0.0, others) / wall;
}

}  // namespace regard::lab
