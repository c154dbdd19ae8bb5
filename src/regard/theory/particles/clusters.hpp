// Which points belong together: groups by single linkage at a gap, and exact merging of points that
// agree.
#pragma once

#include <cstdint>
#include <vector>

#include "regard/theory/particles/archive.hpp"
#include "regard/theory/particles/cloud.hpp"

namespace regard::particles {

/// Labels 0, 1, ... of the connected components of {u_ij < gap}, in the order of their first point.
/// On the circle by sorting, else over all pairs.
std::vector<int64_t> components(const Cloud& cloud, double gap);

/// Particles -> centres -> groups. Centres are particles that were merged exactly, groups are
/// centres that came close once; a group never splits.
class Clusters {
 public:
  explicit Clusters(Cloud start);

  Cloud cloud;                 // the centres
  std::vector<int64_t> owner;  // of each particle: its centre
  std::vector<int64_t> group;  // of each centre: the first particle of its group
  std::vector<double> bound;   // of each centre: how far merging may have moved it, rad

  struct Pair {
    int64_t a, b;
  };
  struct Survey {
    double least;            // smallest gap of two centres; infinity for one
    std::vector<Pair> near;  // pairs of different groups with a gap below `close`
  };
  Survey survey(double close) const;
  /// One group from the groups of centres a and b.
  void link(int64_t a, int64_t b);
  /// The same for many pairs at once, in time linear in the number of centres.
  void link_all(const std::vector<Pair>& pairs);
  /// Makes one centre of the centres of a group whose gaps are below `close`.
  void merge(double close);
  /// Makes one centre of two.
  void merge_pair(int64_t a, int64_t b);

  int64_t groups() const { return count_; }
  /// No group has more than one centre.
  bool merged() const { return groups() == cloud.size(); }
  /// Mean and mass of each group, in the order of their names in `names`.
  Cloud group_means(std::vector<int64_t>& names) const;
  std::vector<double> group_masses() const;  // largest first
  double largest_bound() const;

  void visit(Archive& f);

 private:
  /// One centre of each list of centres; the lists cover all, each in order.
  void replace_by(const std::vector<std::vector<int64_t>>& parts);
  int64_t count_;
};

}  // namespace regard::particles
