// How much of the machine others use while something is timed. Two threads that share cores with a
// compiler wait for a time slice at every barrier: a step of 10 ms then takes 800, ours and its
// peer's alike.
#pragma once

#include <cstdint>

namespace regard::lab {

class OtherLoad {
 public:
  OtherLoad();
  /// Mean number of cores that other processes (and other guests of the host) took since
  /// construction; NaN where the system does not tell.
  double cores() const;

  /// More than this makes a timing untrustworthy.
  static constexpr double kLimit = 0.15;

 private:
  double wall_, own_, busy_;
};

}  // namespace regard::lab
