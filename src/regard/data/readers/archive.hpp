// Files as they lie: plain, gzip, xz, bzip2, zstd, zip, tar and compressed tar.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regard::data {

struct Member {
  std::string name;  // for messages: "reviews.tsv.gz", or "reviews.zip:2024/reviews.tsv"
  std::string path;  // what tells its type and folder: "reviews.tsv", "2024/reviews.tsv"
  std::string bytes;
};

/// An unpacked file larger than this is refused.
inline constexpr int64_t kUnpackLimit = int64_t{1} << 35;

/// The content of `path`: one member for a plain or compressed file, all regular files for a zip or
/// tar, in the order of the archive. "a.zip:inner.tsv" takes one member alone. "-" is standard
/// input. InputError with file and reason when the file is missing, a directory, truncated or
/// corrupt.
std::vector<Member> open_members(const std::string& path);

/// As open_members, for a path that must hold one file; an archive with several names them.
Member open_single(const std::string& path);

/// The members of a file whose bytes are already in memory.
std::vector<Member> unpack(std::string bytes, const std::string& name,
                           int64_t limit = kUnpackLimit);

/// "reviews.tsv.gz" -> "reviews.tsv".
std::string without_compression(std::string_view path);

/// The extension in lower case without its dot, compression left out: "a/Reviews.TSV.gz" -> "tsv".
std::string extension(std::string_view path);

}  // namespace regard::data
