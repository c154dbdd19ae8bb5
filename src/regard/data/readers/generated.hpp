// Examples that are made, not read: a "file" is a range of their numbers, such as 1-96000.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "regard/base/spec.hpp"
#include "regard/data/generators/listops.hpp"
#include "regard/data/generators/pathfinder.hpp"
#include "regard/data/generators/recall.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

/// Example i is a pure function of (data_seed, i) and the options, so disjoint ranges are disjoint
/// data.
struct GeneratedSpec {
  int64_t data_seed = 1;
  ListOpsSpec listops;
  PathfinderSpec pathfinder;
  RecallSpec recall;
  void visit(Visitor& f) {
    f("data_seed", data_seed, "listops, pathfinder, recall: keys every example");
    listops.visit(f);
    pathfinder.visit(f);
    recall.visit(f);
  }
};

/// Numbers first .. last, from 1, both included.
struct ExampleRange {
  int64_t first = 0, last = 0;
  int64_t size() const { return last - first + 1; }
};

/// "1-96000"; nothing when the text is no range.
std::optional<ExampleRange> parse_range(std::string_view text);

/// True for the names of readers that make their examples.
bool is_generator(std::string_view reader);

/// Adds the examples of `range`, made by all cores; InputError for options out of range, RunError
/// when two examples are equal.
void add_generated(const std::string& reader, const std::string& range, const GeneratedSpec& spec,
                   ExamplesBuilder& into);

}  // namespace regard::data
