#include "regard/data/readers/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"

namespace regard::data {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

enum class Format { kRaw, kArchive };

class ArchiveReader {
 public:
  ArchiveReader(std::string_view bytes, const std::string& name, Format format)
      : name_(name), archive_(archive_read_new(), &archive_read_free) {
    auto* a = archive_.get();
    if (format == Format::kRaw) {
      archive_read_support_filter_gzip(a);
      archive_read_support_filter_xz(a);
      archive_read_support_filter_bzip2(a);
      archive_read_support_filter_zstd(a);
      archive_read_support_format_raw(a);
    } else {
      archive_read_support_format_tar(a);
      archive_read_support_format_zip(a);
    }
    check(archive_read_open_memory(a, bytes.data(), bytes.size()));
  }

  /// The next entry, or nullptr at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return nullptr;
    // A warning here is about a name that the locale cannot show: the bytes are right.
    if (status != ARCHIVE_WARN) check(status);
    return entry;
  }

  std::string data(int64_t limit) {
    std::string content;
    constexpr std::size_t kStep = std::size_t{1} << 20;
    while (true) {
      const auto before = content.size();
      content.resize(before + std::max(kStep, before / 2));
      const auto n =
          archive_read_data(archive_.get(), content.data() + before, content.size() - before);
      if (n < 0) check(static_cast<int>(n));
      content.resize(before + static_cast<std::size_t>(n));
      if (static_cast<int64_t>(content.size()) > limit) {
        throw InputError(name_ + ": unpacked it is larger than " +
                         human_bytes(static_cast<double>(limit)));
      }
      if (n == 0) return content;
    }
  }

 private:
  void check(int status) {
    if (status == ARCHIVE_OK) return;
    const char* reason = archive_error_string(archive_.get());
    throw InputError(name_ + ": the file is truncated or corrupt (" +
                     (reason ? reason : "no reason is known") + ")");
  }
  const std::string& name_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
};

bool is_compressed(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b"sv) || bytes.starts_with("\xfd\x37zXZ\0"sv) ||
         bytes.starts_with("BZh"sv) || bytes.starts_with("\x28\xb5\x2f\xfd"sv);
}

bool is_archive(std::string_view bytes) {
  return bytes.starts_with("PK\3\4"sv) || bytes.starts_with("PK\5\6"sv) ||
         (bytes.size() > 262 && bytes.substr(257, 5) == "ustar"sv);
}

uint32_t crc32(std::string_view bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; ++bit) c = (c & 1u) != 0 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[i] = c;
    }
    return t;
  }();
  uint32_t c = 0xFFFFFFFFu;
  for (const char byte : bytes) c = table[(c ^ static_cast<uint8_t>(byte)) & 0xFFu] ^ (c >> 8);
  return ~c;
}

// libarchive does not look at the checksum of gzip. A file of several members ends with the size of
// the last one alone; it is let pass when another header stands inside.
void check_gzip_trailer(std::string_view packed, std::string_view content,
                        const std::string& name) {
  const auto word = [&](std::size_t from_end) {
    uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value |= uint32_t{static_cast<uint8_t>(packed[packed.size() - from_end + i])} << (8 * i);
    }
    return value;
  };
  const bool one_member =
      packed.size() < 18 || packed.find("\x1f\x8b\x08"sv, 1) == std::string_view::npos;
  const bool size_fits = packed.size() >= 18 && word(4) == static_cast<uint32_t>(content.size());
  if ((size_fits && word(8) == crc32(content)) || (!size_fits && !one_member)) return;
  throw InputError(name + ": the file is truncated or corrupt (its gzip checksum does not fit)");
}

std::string decompress(const std::string& packed, const std::string& name, int64_t limit) {
  ArchiveReader reader(packed, name, Format::kRaw);
  std::string content;
  if (reader.next() != nullptr) content = reader.data(limit);
  if (packed.starts_with("\x1f\x8b")) check_gzip_trailer(packed, content, name);
  return content;
}

std::vector<Member> entries(std::string_view bytes, const std::string& name, int64_t limit) {
  ArchiveReader reader(bytes, name, Format::kArchive);
  std::vector<Member> members;
  while (auto* entry = reader.next()) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const char* path = archive_entry_pathname(entry);
    if (path == nullptr) throw InputError(name + ": the archive holds a file without a name");
    Member member{name + ":" + path, path, reader.data(limit)};
    limit -= static_cast<int64_t>(member.bytes.size());
    members.push_back(std::move(member));
  }
  if (members.empty()) throw InputError(name + ": the archive holds no file");
  return members;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

std::string without_compression(std::string_view path) {
  for (const auto suffix : {".gz"sv, ".xz"sv, ".bz2"sv, ".zst"sv}) {
    if (path.size() > suffix.size() && lower(path).ends_with(suffix)) {
      return std::string(path.substr(0, path.size() - suffix.size()));
    }
  }
  return std::string(path);
}

std::string extension(std::string_view path) {
  const auto text = lower(fs::path(without_compression(path)).extension().string());
  return text.empty() ? text : text.substr(1);
}

std::vector<Member> unpack(std::string bytes, const std::string& name, int64_t limit) {
  if (is_compressed(bytes)) bytes = decompress(bytes, name, limit);
  if (is_archive(bytes) || (extension(name) == "tar" && !bytes.empty())) {
    return entries(bytes, name, limit);
  }
  std::vector<Member> one;
  one.push_back({name, without_compression(name), std::move(bytes)});
  return one;
}

std::vector<Member> open_members(const std::string& path) {
  if (path == "-") {
    return unpack(std::string(std::istreambuf_iterator<char>(std::cin), {}), "standard input");
  }
  std::error_code ignored;
  const auto colon = path.rfind(':');
  if (colon == std::string::npos || fs::exists(path, ignored)) return unpack(read_file(path), path);
  const auto outer = path.substr(0, colon);
  if (!fs::is_regular_file(outer, ignored)) return unpack(read_file(path), path);
  std::vector<std::string> known;
  for (auto& member : unpack(read_file(outer), outer)) {
    if (member.name == path) {
      std::vector<Member> one;
      one.push_back(std::move(member));
      return one;
    }
    known.push_back(member.path);
  }
  throw InputError(outer + ": no member \"" + path.substr(colon + 1) + "\"" +
                   suggestion(path.substr(colon + 1), known));
}

Member open_single(const std::string& path) {
  auto members = open_members(path);
  if (members.size() == 1) return std::move(members.front());
  std::vector<std::string> names;
  for (const auto& member : members) names.push_back(member.path);
  if (names.size() > 8) names.resize(8);
  throw InputError(path + ": one file was expected, and the archive holds " +
                   std::to_string(members.size()) + " (" + join(names, ", ") + "); name one as \"" +
                   path + ":" + names.front() + "\"");
}

}  // namespace regard::data
