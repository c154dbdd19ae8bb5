// Temporary folders, packed files and error texts for the tests of readers.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "regard/base/error.hpp"

namespace regard::data {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "regard-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw RunError("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string write(const std::string& name, const std::string& bytes) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path.string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// The text of the InputError that `action` throws.
template <class F>
std::string input_error(F&& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  ADD_FAILURE() << "an InputError was expected";
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// `format` is "raw", "zip" or "ustar"; `filter` is "none", "gzip", "xz" or "bzip2".
inline std::string packed(const std::vector<std::pair<std::string, std::string>>& files,
                          const std::string& format, const std::string& filter) {
  std::string result(1 << 20, '\0');
  std::size_t used = 0;
  auto* a = archive_write_new();
  if (filter != "none") archive_write_add_filter_by_name(a, filter.c_str());
  archive_write_set_format_by_name(a, format.c_str());
  archive_write_set_bytes_in_last_block(a, 1);
  archive_write_open_memory(a, result.data(), result.size(), &used);
  for (const auto& [name, bytes] : files) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(a, entry);
    archive_write_data(a, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  result.resize(used);
  return result;
}

/// Text that a compressor cannot shrink to nothing, so that cutting the file cuts data.
inline std::string long_text() {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i * 7919 % 10007) + " ";
  return text;
}

}  // namespace regard::data
