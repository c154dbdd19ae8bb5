#include "checks.hpp"

#include <cstdio>

namespace regard::bench {
namespace {

Tally counted;

}  // namespace

void report(const std::string& what, double error, double limit) {
  ++counted.checks;
  const bool ok = error <= limit;  // false for NaN
  if (!ok) ++counted.failed;
  std::printf("%s %-78s %8.1e (%.0e)\n", ok ? "ok  " : "FAIL", what.c_str(), error, limit);
}

Tally tally() { return counted; }

double distance(const torch::Tensor& came, const torch::Tensor& expected) {
  const double size = expected.norm().item<double>();
  const double off = (came.to(torch::kDouble).cpu() - expected).norm().item<double>();
  return size == 0 ? off : off / size;
}

}  // namespace regard::bench
