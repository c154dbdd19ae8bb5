// A folder for each label, holding files of any type, which are read as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

struct DirectorySpec {
  int64_t max_bytes = 1 << 20;
  void visit(Visitor& f) {
    f("max_bytes", max_bytes, "directory: of each file, the first bytes that are read; 0: all");
  }
};

enum class FolderLabels { kFolderName, kNone };

/// Adds the files under `path`, sorted by name; with kFolderName the first folder below `path` is the label. Hidden files, and
/// files beside the label folders, are left out with a note. InputError for an empty file.
void read_directory(const std::string& path, const DirectorySpec& spec, FolderLabels labels,
                    ExamplesBuilder& into);

/// The same for the members of a zip or tar; folders that all members share are no labels.
void parse_member_folders(std::vector<Member> members, const std::string& name,
                          const DirectorySpec& spec, FolderLabels labels, ExamplesBuilder& into);

}  // namespace regard::data
