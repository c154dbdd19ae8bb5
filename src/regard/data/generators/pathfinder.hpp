// Pathfinder of Long Range Arena: two long dashed curves among short ones; are the two discs on the
// ends of one curve?
//
//   label 1: both discs on the ends of one long curve; label 0: on ends of different ones.
//
// A curve of `contour` dashes grows dash by dash: about a pivot ahead of the last dash lie
// candidates for the next tip, drawn with weight free * cos^2(min(continuity * turn, pi/2)), and
// taken when the dash keeps its margin to all others.
// Source of the rules: Linsley et al. 2018, Kim et al. 2020 (drewlinsley/pathfinder), in prose;
// random streams differ.
// docs/data.md lists the parameters and compares images.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/generators/pathfinder_tables.hpp"

namespace regard::data {

struct PathfinderSpec {
  int64_t side = 32;
  int64_t contour = 14;
  void visit(Visitor& f) {
    f("side", side, "pathfinder: height and width, 32 or 128 (Path-X)");
    f("contour", contour, "pathfinder: dashes of a long curve; 6 easy, 9 intermediate, 14 hard");
  }
  /// InputError for another side, or a contour outside 3 .. 14 (side 32) or 3 .. 40 (side 128).
  void check() const;
};

/// One image, and what was drawn.
struct PathfinderImage {
  std::vector<uint8_t> pixels;  // (side, side)
  int label = 0;
  std::array<std::vector<Pixel>, 2>
      tips;                    // of the dashes of both long curves, in the order of growth
  std::array<Pixel, 2> discs;  // at a first and at a last tip
  int distractors = 0;         // short curves that found room
  int64_t attempts = 0;        // drawings begun, the kept one included
};

class Pathfinder {
 public:
  explicit Pathfinder(const PathfinderSpec& spec);
  ~Pathfinder();

  /// Example `index` = 1, 2, ...: a pure function of (spec, seed, index), the same on every
  /// machine. Safe from any thread.
  PathfinderImage image(uint64_t seed, uint64_t index) const;
  int side() const;

 private:
  struct Rules;
  std::unique_ptr<const Rules> rules_;
};

}  // namespace regard::data
