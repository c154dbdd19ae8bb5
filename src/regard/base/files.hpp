// Files that are whole or absent: written beside the target, synced, renamed.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace regard {

/// Reads a whole file; InputError when it is missing, a directory, or unreadable.
std::string read_file(const std::filesystem::path& path);

/// Calls `write` with a sink for bytes; the target appears complete or stays as it was.
/// Throws RunError with the system's reason (disk full, no permission) and removes the temporary
/// file.
using Sink = std::function<void(const void* data, std::size_t size)>;
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const Sink&)>& write);
void write_atomically(const std::filesystem::path& path, std::string_view content);

/// Makes a directory and its parents; InputError when the path is a file or cannot be made.
void make_directory(const std::filesystem::path& path);

}  // namespace regard
