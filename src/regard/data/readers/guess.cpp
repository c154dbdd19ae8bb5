// The choice of a reader by name and first bytes.
#include <algorithm>
#include <filesystem>

#include "regard/base/error.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/idx.hpp"
#include "regard/data/readers/reader.hpp"

namespace regard::data {
namespace {

namespace fs = std::filesystem;

constexpr auto kTextNames = {"txt", "text", "md"};
constexpr auto kTableNames = {"tsv", "csv", "jsonl", "ndjson"};

bool one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* w) { return word == w; });
}

// Whether a file begins as text does, so that what it is need not be named.
bool has_text(std::string_view head, const std::string& encoding) {
  if (encoding != "auto" || head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    return true;
  }
  return head.find('\0') == std::string_view::npos && is_utf8_prefix(head);
}

}  // namespace

void check_exists(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || fs::exists(path, ignored)) return;
  const auto colon = path.rfind(':');
  if (colon != std::string::npos && fs::is_regular_file(path.substr(0, colon), ignored)) return;
  throw InputError(path + ": no such file or directory");
}

bool is_text_name(const std::string& path) { return one_of(extension(path), kTextNames); }

bool is_table_name(const std::string& path) { return one_of(extension(path), kTableNames); }

namespace {

std::string guess_folder(const std::string& path) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path, ignored)) {
    if (entry.is_directory(ignored)) return "directory";
  }
  throw InputError(path +
                   ": a file, or a directory with a folder for each label, was expected, and "
                   "this is a directory without folders");
}

// What is looked into is opened again to be read, and a pipe gives its bytes once.
void check_rereadable(const std::string& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored) || fs::is_regular_file(path, ignored)) return;
  throw InputError(path +
                   ": this is no regular file, so its first bytes cannot tell how to read it; "
                   "--text and --label name the columns of a table, and reader = text takes "
                   "plain text");
}

std::string guess_archive(const std::string& path) {
  check_rereadable(path);
  const auto members = open_members(path);
  const auto inner = extension(members.front().path);
  if (members.size() == 1 && one_of(inner, kTableNames)) return "table";
  return members.size() == 1 && one_of(inner, kTextNames) ? "text" : "directory";
}

std::string guess_by_content(const std::string& path, const std::string& encoding) {
  check_rereadable(path);
  const auto members = open_members(path);
  const auto head = std::string_view(members.front().bytes).substr(0, 65536);
  if (looks_like_idx(head)) return "idx";
  if (members.size() == 1 && has_text(head, encoding)) return "text";
  throw InputError(path + ": neither its extension (." + extension(path) +
                   ") nor its first bytes tell how to read it; say reader = text, table, idx, "
                   "records or directory, or --encoding for text that is no UTF-8");
}

}  // namespace

std::string guess_reader(const std::string& path, const std::string& encoding) {
  check_exists(path);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return guess_folder(path);
  const auto type = extension(path);
  if (one_of(type, kTableNames)) return "table";
  if (one_of(type, kTextNames)) return "text";
  if (one_of(type, {"zip", "tar", "tgz", "txz"})) return guess_archive(path);
  if (path.find("-idx") != std::string::npos) return "idx";
  if (type == "bin") return "records";
  return guess_by_content(path, encoding);
}

}  // namespace regard::data
