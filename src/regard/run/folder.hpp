// The folder of a run: one owner at a time, and the names of its files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace regard::run {

class Folder {
 public:
  enum class Open { kNew, kResume };

  /// Makes the folder and locks it until the object ends. InputError when another process holds the
  /// lock, or when a new run finds files in it other than those that a run leaves before its first
  /// checkpoint.
  Folder(std::filesystem::path path, Open how);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  bool resumes() const { return how_ == Open::kResume; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path last() const { return path_ / "last.safetensors"; }
  std::filesystem::path best() const { return path_ / "best.safetensors"; }
  std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }

  /// Keeps the present last checkpoint as step-<step>.safetensors and all but the newest `keep` no
  /// more.
  void keep_last_as(int64_t step, int64_t keep) const;

  /// Removes what a killed process left half written.
  void remove_temporary_files() const;

 private:
  std::filesystem::path path_;
  Open how_;
  int lock_ = -1;
};

}  // namespace regard::run
