#include "regard/data/readers/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "regard/base/error.hpp"

namespace regard::data {
namespace {

namespace fs = std::filesystem;

std::string first_bytes(const fs::path& path, int64_t max_bytes) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path.string() + ": cannot be read: " + std::strerror(errno));
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) throw InputError(path.string() + ": cannot be read: " + error.message());
  auto want = static_cast<std::size_t>(size);
  if (max_bytes > 0) want = std::min(want, static_cast<std::size_t>(max_bytes));
  std::string bytes(want, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(want));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

void add_file(const std::string& bytes, const std::string& name, ExamplesBuilder& into) {
  into.begin_file(name);
  into.add_document(bytes, 0);
}

bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(), [](const fs::path& part) {
    return part.string().size() > 1 && part.string()[0] == '.' && part != "..";
  });
}

struct LeftOut {
  int64_t hidden = 0, loose = 0;
  std::string example;
  void tell(const std::string& name, ExamplesBuilder& into) const {
    if (hidden > 0) into.note(name + ": " + std::to_string(hidden) + " hidden files are left out");
    if (loose > 0) {
      into.note(name + ": " + std::to_string(loose) +
                " files beside the label folders are left out (" + example + ")");
    }
  }
};

// Decides on one file by its path below the folder; true when it is to be read.
bool takes(const fs::path& relative, FolderLabels labels, LeftOut& left) {
  if (is_hidden(relative)) {
    ++left.hidden;
    return false;
  }
  if (labels == FolderLabels::kFolderName && !relative.has_parent_path()) {
    ++left.loose;
    left.example = relative.string();
    return false;
  }
  return true;
}

}  // namespace

void read_directory(const std::string& path, const DirectorySpec& spec, FolderLabels labels,
                    ExamplesBuilder& into) {
  if (spec.max_bytes < 0) throw InputError("max_bytes counts bytes, from 0; it is negative");
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    throw InputError(path + (fs::exists(path, error)
                                 ? ": a directory with a folder for each label was "
                                   "expected, and this is a file"
                                 : ": no such directory"));
  }
  std::vector<fs::path> found;
  const auto options = fs::directory_options::follow_directory_symlink;
  fs::recursive_directory_iterator walk(path, options, error), end;
  for (; !error && walk != end; walk.increment(error)) {
    // A link back up would never end.
    if (walk.depth() > 64) throw InputError(path + ": folders lie more than 64 deep");
    std::error_code ignored;
    if (walk->is_regular_file(ignored)) found.push_back(walk->path());
  }
  if (error) throw InputError(path + ": cannot be read: " + error.message());
  std::sort(found.begin(), found.end());
  LeftOut left;
  const auto before = into.size();
  for (const auto& file : found) {
    const auto relative = file.lexically_relative(path);
    if (!takes(relative, labels, left)) continue;
    add_file(first_bytes(file, spec.max_bytes), file.string(), into);
    if (labels == FolderLabels::kFolderName) into.add_label(relative.begin()->string());
  }
  if (into.size() == before) {
    throw InputError(path + (labels == FolderLabels::kFolderName
                                 ? ": no folder with files in it (one for each label)"
                                 : ": no files in it"));
  }
  left.tell(path, into);
}

void parse_member_folders(std::vector<Member> members, const std::string& name,
                          const DirectorySpec& spec, FolderLabels labels, ExamplesBuilder& into) {
  std::vector<fs::path> paths;
  for (const auto& member : members) {
    paths.push_back(fs::path(member.path).lexically_normal().relative_path());
  }
  const auto shared_root = [&] {
    return std::all_of(paths.begin(), paths.end(), [&](const fs::path& path) {
      return path.has_parent_path() && *path.begin() == *paths.front().begin() &&
             path.parent_path().has_parent_path();
    });
  };
  while (labels == FolderLabels::kFolderName && !paths.empty() && shared_root()) {
    for (auto& path : paths) path = path.lexically_relative(*path.begin());
  }
  LeftOut left;
  const auto before = into.size();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!takes(paths[i], labels, left)) continue;
    auto& bytes = members[i].bytes;
    if (spec.max_bytes > 0 && bytes.size() > static_cast<std::size_t>(spec.max_bytes)) {
      bytes.resize(static_cast<std::size_t>(spec.max_bytes));
    }
    add_file(bytes, members[i].name, into);
    if (labels == FolderLabels::kFolderName) into.add_label(paths[i].begin()->string());
  }
  if (into.size() == before)
    throw InputError(name + ": no folder with files in it (one for each label)");
  left.tell(name, into);
}

}  // namespace regard::data
