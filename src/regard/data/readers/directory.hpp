// A folder for each label, holding files of any type, which are read as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

struct DirectorySpec {
  int64_t max_bytes = 1 << 20;
  void visit(Visitor& f) {
    f("max_bytes", max_bytes, "directory: of each file, the first bytes that are read; 0: all");
  }
};

enum class FolderLabels { kFolderName, kNone };

/// Adds the files under `path`, sorted by name, as bytes (converted where `charset` names an
/// encoding); with kFolderName the first folder below `path` is the label. Hidden files, files
/// beside the label folders, broken links, pipes, and label folders without a document are left out
/// with a note.
void read_directory(const std::string& path, const DirectorySpec& spec, FolderLabels labels,
                    ExamplesBuilder& into, const Charset& charset = {});

/// The same for the members of a zip or tar; folders that all members share are no labels.
void parse_member_folders(std::vector<Member> members, const std::string& name,
                          const DirectorySpec& spec, FolderLabels labels, ExamplesBuilder& into,
                          const Charset& charset = {});

}  // namespace regard::data
