#include "regard/data/readers/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/idx.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/utf8.hpp"

namespace regard::data {
namespace {

namespace fs = std::filesystem;

bool one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::any_of(words.begin(), words.end(), [&](const char* w) { return word == w; });
}

template <class Spec>
std::vector<Field> options_of() {
  Spec spec;
  return fields([&](Visitor& f) { spec.visit(f); });
}

// A path that exists, or that names a member of an archive, or standard input.
void check_exists(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || fs::exists(path, ignored)) return;
  const auto colon = path.rfind(':');
  if (colon != std::string::npos && fs::is_regular_file(path.substr(0, colon), ignored)) return;
  throw InputError(path + ": no such file or directory");
}

void read_idx(const std::vector<std::string>& paths, Labels labels, ExamplesBuilder& into) {
  std::vector<Member> files;
  for (const auto& path : paths) files.push_back(open_single(path));
  std::vector<bool> is_labels;
  for (const auto& file : files)
    is_labels.push_back(parse_idx(file.bytes, file.name).shape.size() == 1);
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_labels[i]) {
      if (i == 0 || is_labels[i - 1]) {
        throw InputError(files[i].name +
                         ": these are labels; name the file of their images before it");
      }
      continue;
    }
    IdxPair pair{files[i].bytes, files[i].name, std::nullopt, ""};
    Member beside;
    if (labels == Labels::kRead && i + 1 < files.size() && is_labels[i + 1]) {
      pair.labels = files[i + 1].bytes;
      pair.labels_name = files[i + 1].name;
    } else if (labels == Labels::kRead) {
      const auto path = idx_labels_beside(paths[i]);
      std::error_code ignored;
      if (!path.empty() && fs::exists(path, ignored)) {
        beside = open_single(path);
        pair.labels = beside.bytes;
        pair.labels_name = beside.name;
      }
    }
    parse_idx_pair(pair, into);
  }
}

void read_files(const std::string& reader, const std::string& path, const ReaderSpec& spec,
                Labels labels, ExamplesBuilder& into) {
  if (reader == "table") {
    const auto file = open_single(path);
    auto table = spec.table;
    if (labels == Labels::kNone) table.label.clear();
    parse_table(file.bytes, file.name, table, into);
  } else if (reader == "records") {
    const auto file = open_single(path);
    parse_records(file.bytes, file.name, spec.records,
                  labels == Labels::kRead ? RecordLabels::kRead : RecordLabels::kSkip, into);
  } else {
    for (const auto& file : open_members(path)) {
      if (path == "-") {
        parse_lines(file.bytes, file.name, into);
      } else {
        parse_text(file.bytes, file.name, into);
      }
    }
  }
}

void read_folder(const std::string& path, const ReaderSpec& spec, Labels labels,
                 ExamplesBuilder& into) {
  const auto named = labels == Labels::kRead ? FolderLabels::kFolderName : FolderLabels::kNone;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    read_directory(path, spec.directory, named, into);
  } else {
    parse_member_folders(open_members(path), path, spec.directory, named, into);
  }
}

// For `predict`: a folder or a file of any type can be fed as bytes, so nothing has to be guessed.
std::string reader_for(const std::string& path, const ReaderSpec& spec, Labels labels) {
  if (is_generator(spec.reader) && (labels == Labels::kRead || parse_range(path))) {
    return spec.reader;
  }
  check_exists(path);
  if (path == "-") return "text";
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  if (folder && spec.reader != "auto" && spec.reader != "directory" && labels == Labels::kRead) {
    throw InputError(path + ": a file was expected (reader " + spec.reader +
                     "), and this is a directory");
  }
  if (folder && labels == Labels::kNone) return "directory";
  const bool guess = spec.reader == "auto" || is_generator(spec.reader);
  return guess ? guess_reader(path) : spec.reader;
}

}  // namespace

void ReaderSpec::visit(Visitor& f) {
  f("reader", reader, "how the files are read; auto: by extension and first bytes",
    {"auto", "text", "table", "idx", "records", "directory", "listops", "pathfinder"});
  table.visit(f);
  records.visit(f);
  directory.visit(f);
  generated.visit(f);
}

const std::vector<ReaderInfo>& readers() {
  static const std::vector<ReaderInfo> all = {
      {"text", "plain text, one document a file; without labels: a language model", {}},
      {"table", "TSV or CSV with a text and a label column", options_of<TableSpec>()},
      {"idx",
       "IDX images with IDX labels (MNIST, Fashion-MNIST); labels beside the images are found",
       {}},
      {"records", "binary records: label bytes, then pixels (CIFAR)", options_of<RecordsSpec>()},
      {"directory", "a folder for each label, or a zip or tar of such folders; files read as bytes",
       options_of<DirectorySpec>()},
      {"listops",
       "makes the trees of ListOps; instead of files, ranges of examples such as 1-96000",
       options_of<ListOpsSpec>()},
      {"pathfinder", "makes the images of Pathfinder and Path-X; ranges of examples, as listops",
       options_of<PathfinderSpec>()},
  };
  return all;
}

std::string guess_reader(const std::string& path) {
  check_exists(path);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    for (const auto& entry : fs::directory_iterator(path, ignored)) {
      if (entry.is_directory(ignored)) return "directory";
    }
    throw InputError(path +
                     ": a file, or a directory with a folder for each label, was expected, and "
                     "this is a directory without folders");
  }
  const auto type = extension(path);
  if (one_of(type, {"tsv", "csv"})) return "table";
  if (one_of(type, {"txt", "text", "md"})) return "text";
  if (one_of(type, {"zip", "tar", "tgz", "txz"})) {
    const auto members = open_members(path);
    const auto inner = extension(members.front().path);
    const bool table = members.size() == 1 && one_of(inner, {"tsv", "csv"});
    if (table) return "table";
    return members.size() == 1 && one_of(inner, {"txt", "text", "md"}) ? "text" : "directory";
  }
  if (path.find("-idx") != std::string::npos) return "idx";
  if (type == "bin") return "records";
  const auto members = open_members(path);
  const auto head = std::string_view(members.front().bytes).substr(0, 65536);
  if (looks_like_idx(head)) return "idx";
  if (members.size() == 1 && head.find('\0') == std::string_view::npos && is_utf8_prefix(head)) {
    return "text";
  }
  throw InputError(path + ": neither its extension (." + type +
                   ") nor its first bytes tell how to read it; say reader = text, table, idx, "
                   "records or directory");
}

Examples read_examples(const std::vector<std::string>& paths, const ReaderSpec& spec,
                       Labels labels) {
  if (paths.empty()) throw InputError("no data file is named");
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(reader_for(path, spec, labels));
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i] != names[0]) {
      throw InputError(paths[0] + " is read as " + names[0] + " and " + paths[i] + " as " +
                       names[i] + ": files of one kind were expected together");
    }
  }
  ExamplesBuilder into;
  if (names[0] == "idx") {
    read_idx(paths, labels, into);
  } else {
    for (const auto& path : paths) {
      if (is_generator(names[0])) {
        add_generated(names[0], path, spec.generated, into);
      } else if (names[0] == "directory") {
        read_folder(path, spec, labels, into);
      } else {
        read_files(names[0], path, spec, labels, into);
      }
    }
  }
  return into.finish();
}

}  // namespace regard::data
