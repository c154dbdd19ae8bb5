#include "regard/data/readers/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"

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

bool is_hidden(const fs::path& relative) {
  return std::any_of(relative.begin(), relative.end(), [](const fs::path& part) {
    return part.string().size() > 1 && part.string()[0] == '.' && part != "..";
  });
}

// Why an entry that is neither a folder nor a regular file is left out; "" for those.
std::string oddity(const fs::directory_entry& entry) {
  std::error_code error;
  const auto type = entry.status(error).type();
  switch (type) {
    case fs::file_type::regular:
    case fs::file_type::directory:
      return "";
    case fs::file_type::not_found:
      return "a broken link";
    case fs::file_type::fifo:
      return "a pipe";
    case fs::file_type::socket:
      return "a socket";
    case fs::file_type::block:
    case fs::file_type::character:
      return "a device";
    default:
      return error ? error.message() : "no file";
  }
}

struct LeftOut {
  int64_t hidden = 0, loose = 0, odd = 0;
  std::string example;
  std::vector<std::string> odd_ones;      // the first of them, each with its reason
  std::map<std::string, int64_t> labels;  // files taken from each label folder

  void add_odd(const fs::path& relative, const std::string& reason) {
    constexpr std::size_t kShown = 3;
    if (is_hidden(relative)) return;
    ++odd;
    if (odd_ones.size() < kShown) odd_ones.push_back(relative.string() + " (" + reason + ")");
  }
  void tell(const std::string& name, ExamplesBuilder& into) const {
    if (hidden > 0) into.note(name + ": " + std::to_string(hidden) + " hidden files are left out");
    if (loose > 0) {
      into.note(name + ": " + std::to_string(loose) +
                " files beside the label folders are left out (" + example + ")");
    }
    if (odd > 0) {
      const auto more = odd - static_cast<int64_t>(odd_ones.size());
      into.note(name + ": left out, being no files: " + join(odd_ones, ", ") +
                (more > 0 ? " and " + std::to_string(more) + " more" : ""));
    }
    for (const auto& [label, count] : labels) {
      if (count == 0) {
        into.note(name + ": the label folder \"" + label +
                  "\" holds no document, so it is no label");
      }
    }
  }
};

// Takes the files below a folder or an archive, one by one.
class Intake {
 public:
  Intake(const DirectorySpec& spec, FolderLabels labels, const Charset& charset,
         ExamplesBuilder& into)
      : spec_(spec),
        folder_names_(labels == FolderLabels::kFolderName),
        charset_(charset),
        into_(into) {}

  /// Bytes of each file that have to be read; 0: all, since the limit counts what they are
  /// converted to.
  int64_t bytes_wanted() const { return converts() ? 0 : spec_.max_bytes; }
  void add_odd(const fs::path& relative, const std::string& reason) {
    left_.add_odd(relative, reason);
  }
  void add_folder(const fs::path& relative) {
    if (folder_names_ && !is_hidden(relative)) left_.labels.emplace(readable(relative.string()), 0);
  }
  /// Decides on one file by its path below the folder; true when it is to be read.
  bool takes(const fs::path& relative) {
    if (is_hidden(relative)) {
      ++left_.hidden;
      return false;
    }
    if (folder_names_ && !relative.has_parent_path()) {
      ++left_.loose;
      left_.example = relative.string();
      return false;
    }
    return true;
  }
  void add(std::string bytes, const std::string& name, const fs::path& relative) {
    any_ = true;
    if (converts()) bytes = decode(std::move(bytes), name, charset_).text;
    const auto most = static_cast<std::size_t>(spec_.max_bytes);
    if (most > 0 && bytes.size() > most) bytes.resize(most);
    into_.begin_file(name);
    const bool added = into_.add_document(bytes, 0);
    if (!folder_names_) return;
    // A label is shown and saved as JSON, so it is UTF-8 whatever the name of its folder.
    const auto label = readable(relative.begin()->string());
    if (added) into_.add_label(label);
    left_.labels[label] += added;
  }
  void finish(const std::string& name) const {
    if (!any_) {
      throw InputError(name + (folder_names_ ? ": no folder with files in it (one for each label)"
                                             : ": no files in it"));
    }
    left_.tell(name, into_);
  }

 private:
  bool converts() const { return charset_.encoding != "auto"; }
  const DirectorySpec& spec_;
  bool folder_names_, any_ = false;
  const Charset& charset_;
  ExamplesBuilder& into_;
  LeftOut left_;
};

}  // namespace

void read_directory(const std::string& path, const DirectorySpec& spec, FolderLabels labels,
                    ExamplesBuilder& into, const Charset& charset) {
  if (spec.max_bytes < 0) throw InputError("max_bytes counts bytes, from 0; it is negative");
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    throw InputError(path + (fs::exists(path, error)
                                 ? ": a directory with a folder for each label was "
                                   "expected, and this is a file"
                                 : ": no such directory"));
  }
  Intake intake(spec, labels, charset, into);
  std::vector<fs::path> found;
  const auto options = fs::directory_options::follow_directory_symlink;
  fs::recursive_directory_iterator walk(path, options, error), end;
  for (; !error && walk != end; walk.increment(error)) {
    // A link back up would never end.
    if (walk.depth() > 64) throw InputError(path + ": folders lie more than 64 deep");
    std::error_code ignored;
    const auto relative = walk->path().lexically_relative(path);
    if (walk->is_regular_file(ignored)) {
      found.push_back(walk->path());
    } else if (const auto reason = oddity(*walk); !reason.empty()) {
      intake.add_odd(relative, reason);
    } else if (walk.depth() == 0) {
      intake.add_folder(relative);
    }
  }
  if (error) throw InputError(path + ": cannot be read: " + error.message());
  std::sort(found.begin(), found.end());
  for (const auto& file : found) {
    const auto relative = file.lexically_relative(path);
    if (!intake.takes(relative)) continue;
    intake.add(first_bytes(file, intake.bytes_wanted()), file.string(), relative);
  }
  intake.finish(path);
}

void parse_member_folders(std::vector<Member> members, const std::string& name,
                          const DirectorySpec& spec, FolderLabels labels, ExamplesBuilder& into,
                          const Charset& charset) {
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
  Intake intake(spec, labels, charset, into);
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (intake.takes(paths[i])) intake.add(std::move(members[i].bytes), members[i].name, paths[i]);
  }
  intake.finish(name);
}

}  // namespace regard::data
