#include "regard/data/readers/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/conll.hpp"
#include "regard/data/readers/idx.hpp"
#include "regard/data/readers/nodes.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {
namespace {

namespace fs = std::filesystem;

template <class Spec>
std::vector<Field> options_of() {
  Spec spec;
  return fields([&](Visitor& f) { spec.visit(f); });
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

// The file's text in UTF-8, with a note where its encoding was guessed.
Decoded decode_member(Member& file, const ReaderSpec& spec, ExamplesBuilder& into) {
  auto decoded = decode(std::move(file.bytes), file.name, {spec.encoding, spec.unmarked});
  const auto sentence = decoded_sentence(decoded, file.name);
  if (!sentence.empty()) into.note(sentence);
  return decoded;
}

void read_table(const std::string& path, const ReaderSpec& spec, Labels labels,
                ExamplesBuilder& into) {
  auto file = open_single(path);
  const auto decoded = decode_member(file, spec, into);
  auto table = spec.table;
  table.from_spreadsheet = decoded.from.starts_with("UTF-16");
  if (labels == Labels::kNone) table.label_in_training = std::exchange(table.label, "");
  if (!table.target_text.empty()) {
    table.text2 = table.target_text;
    table.second_option = "target_text";
  }
  parse_table(decoded.text, file.name, table, into);
}

void read_conll(const std::string& path, const ReaderSpec& spec, Labels labels,
                ExamplesBuilder& into) {
  auto file = open_single(path);
  const auto decoded = decode_member(file, spec, into);
  parse_conll(decoded.text, file.name,
              labels == Labels::kRead ? TokenLabels::kRead : TokenLabels::kSkip, into);
}

void read_files(const std::string& reader, const std::string& path, const ReaderSpec& spec,
                Labels labels, ExamplesBuilder& into) {
  if (reader == "table") return read_table(path, spec, labels, into);
  if (reader == "conll") return read_conll(path, spec, labels, into);
  if (reader == "records") {
    const auto file = open_single(path);
    parse_records(file.bytes, file.name, spec.records,
                  labels == Labels::kRead ? RecordLabels::kRead : RecordLabels::kSkip, into);
    return;
  }
  for (auto& file : open_members(path)) {
    const auto decoded = decode_member(file, spec, into);
    if (path == "-") {
      parse_lines(decoded.text, file.name, into);
    } else {
      parse_text(decoded.text, file.name, into);
    }
  }
}

void read_folder(const std::string& path, const ReaderSpec& spec, Labels labels,
                 ExamplesBuilder& into) {
  const auto named = labels == Labels::kRead ? FolderLabels::kFolderName : FolderLabels::kNone;
  const Charset charset{spec.encoding, spec.unmarked};
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    read_directory(path, spec.directory, named, into, charset);
  } else {
    parse_member_folders(open_members(path), path, spec.directory, named, into, charset);
  }
}

// A text file without the column of the text: one document to label, not a table.
bool is_document(const std::string& path, const ReaderSpec& spec) {
  const bool by_number = spec.table.text.find_first_not_of("0123456789") == std::string::npos;
  if (!is_text_name(path) || by_number) return false;
  auto file = open_single(path);
  const auto decoded = decode(std::move(file.bytes), file.name, {spec.encoding, spec.unmarked});
  return !has_columns(decoded.text, file.name, spec.table);
}

// For `predict`: a folder or a file of any type can be fed as bytes, so nothing has to be guessed.
std::string reader_for(const std::string& path, const ReaderSpec& spec, Labels labels) {
  if (is_generator(spec.reader) && (labels == Labels::kRead || parse_range(path))) {
    return spec.reader;
  }
  check_exists(path);
  if (path == "-" && spec.reader == "conll") return "conll";
  if (path == "-") return spec.column_named ? "table" : "text";
  std::error_code ignored;
  const bool folder = fs::is_directory(path, ignored);
  if (folder && spec.reader != "auto" && spec.reader != "directory" && labels == Labels::kRead) {
    throw InputError(path + ": a file was expected (reader " + spec.reader +
                     "), and this is a directory");
  }
  if (folder && labels == Labels::kNone) return "directory";
  const bool guess = spec.reader == "auto" || is_generator(spec.reader);
  auto reader = guess ? guess_reader(path, spec.encoding) : spec.reader;
  if (reader == "text" && spec.trained_on_table) reader = "table";
  const bool document = reader == "table" && spec.trained_on_table && !spec.column_named &&
                        labels == Labels::kNone && is_document(path, spec);
  return document ? "text" : reader;
}

}  // namespace

Empty empty_policy(const std::string& word) {
  if (word == "refuse") return Empty::kRefuse;
  return word == "leave_out" ? Empty::kLeaveOut : Empty::kAuto;
}

void ReaderSpec::visit(Visitor& f) {
  f("reader", reader, "how the files are read; auto: by extension and first bytes",
    {"auto", "text", "table", "conll", "idx", "records", "directory", "listops", "pathfinder",
     "recall", "nodes"});
  f("encoding", encoding,
    "of text and tables: auto (a byte order mark, else UTF-8), or a name that ICU knows, such as "
    "utf-16, latin-1, windows-1252");
  f("empty", empty,
    "documents without text: auto leaves them out and refuses a pair with one empty text, "
    "leave_out leaves out such pairs, too, refuse stops",
    {"auto", "leave_out", "refuse"});
  table.visit(f);
  records.visit(f);
  directory.visit(f);
  generated.visit(f);
}

const std::vector<ReaderInfo>& readers() {
  static const std::vector<ReaderInfo> all = {
      {"text", "plain text, one document a file; without labels: a language model", {}},
      {"table", "TSV, CSV or JSON lines with a text and a label column", options_of<TableSpec>()},
      {"conll", "a token and its label a line, a blank line behind a sentence", {}},
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
      {"recall",
       "makes sequences of keys, values and questions with planted edges; ranges of examples, as "
       "listops",
       options_of<RecallSpec>()},
      {"nodes", "a table of nodes with labels and features, and one of edges (--nodes, --edges)",
       options_of<NodeSpec>()},
  };
  return all;
}

Examples read_examples(const std::vector<std::string>& paths, const ReaderSpec& spec,
                       Labels labels) {
  if (paths.empty()) throw InputError("no data file is named");
  if (spec.reader == "nodes") throw InputError(paths[0] + ": nodes are read with their edges");
  std::vector<std::string> names;
  for (const auto& path : paths) names.push_back(reader_for(path, spec, labels));
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i] != names[0]) {
      throw InputError(paths[0] + " is read as " + names[0] + " and " + paths[i] + " as " +
                       names[i] + ": files of one kind were expected together");
    }
  }
  ExamplesBuilder into(empty_policy(spec.empty));
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
