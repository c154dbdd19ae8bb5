#include "regard/run/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::run {
namespace fs = std::filesystem;

namespace {

/// What a run may leave before its first checkpoint: nothing is lost when another begins there.
bool belongs_to_a_start(const fs::path& entry) {
  const auto name = entry.filename().string();
  return name == ".lock" || name == "recipe.toml" || name == "metrics.jsonl" ||
         name.find(".tmp") != std::string::npos;
}

void refuse_used(const fs::path& folder) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (belongs_to_a_start(entry.path())) continue;
    throw InputError(
        folder.string() +
        ": this folder is not empty; --resume continues a run in it, or choose another");
  }
}

}  // namespace

Folder::Folder(fs::path path, Open how) : path_(std::move(path)), how_(how) {
  if (how_ == Open::kNew)
    refuse_used(path_);  // before the lock, which would be a file of ours in it
  make_directory(path_);
  const auto lock = path_ / ".lock";
  lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) throw InputError(lock.string() + ": cannot be opened: " + std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw InputError(path_.string() + ": another run is at work in this folder");
  }
  try {
    if (how_ == Open::kNew) refuse_used(path_);  // another run may have ended in the meantime
  } catch (...) {
    ::close(lock_);
    throw;
  }
  remove_temporary_files();
}

Folder::~Folder() { ::close(lock_); }

void Folder::keep_last_as(int64_t step, int64_t keep) const {
  if (keep <= 0) return;
  std::string digits = std::to_string(step);
  digits.insert(0, digits.size() < 9 ? 9 - digits.size() : 0, '0');
  const auto target = path_ / ("step-" + digits + ".safetensors");
  std::error_code error;
  fs::remove(target, error);
  // A second name for the same bytes: the next checkpoint replaces the first name only.
  fs::create_hard_link(last(), target, error);
  if (error) throw RunError(target.string() + ": cannot be made: " + error.message());
  std::vector<fs::path> kept;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("step-") && name.ends_with(".safetensors")) kept.push_back(entry.path());
  }
  std::sort(kept.begin(), kept.end());
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < kept.size(); ++i) {
    fs::remove(kept[i], error);
  }
}

void Folder::remove_temporary_files() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const auto name = entry.path().filename().string();
    if (name.find(".safetensors.tmp") != std::string::npos ||
        name.starts_with("metrics.jsonl.tmp")) {
      fs::remove(entry.path(), error);
    }
  }
}

}  // namespace regard::run
