// The readers by name, and the choice among them.
#pragma once

#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/directory.hpp"
#include "regard/data/readers/examples.hpp"
#include "regard/data/readers/generated.hpp"
#include "regard/data/readers/records.hpp"
#include "regard/data/readers/table.hpp"

namespace regard::data {

/// Which reader, and the options of all of them: their names do not collide.
struct ReaderSpec {
  std::string reader = "auto";
  std::string encoding = "auto";
  std::string empty = "auto";
  TableSpec table;
  RecordsSpec records;
  DirectorySpec directory;
  GeneratedSpec generated;
  void visit(Visitor& f);

  /// What text without a byte order mark may be: any bytes where the tokenizer takes any.
  Unmarked unmarked = Unmarked::kUtf8;
  /// New data for a model that was trained on a table: a file that would be taken for plain text is
  /// a table, whatever its name.
  bool trained_on_table = false;
  /// A flag beside the data names a column: new data is a table even where its name or "-" says
  /// text.
  bool column_named = false;
};

/// One row of `regard list`.
struct ReaderInfo {
  std::string name, summary;
  std::vector<Field> options;
};
const std::vector<ReaderInfo>& readers();

/// The reader for a path: folders in it, its extension, its first bytes. Text is looked for in
/// `encoding`. InputError with what was tried when none fits, and for a pipe, which can be read
/// only once.
std::string guess_reader(const std::string& path, const std::string& encoding = "auto");

/// True for a name that ends as tables do (.tsv, .csv, .jsonl, .ndjson), compressed or not.
bool is_table_name(const std::string& path);

/// True for a name that ends as plain text does (.txt, .text, .md), compressed or not.
bool is_text_name(const std::string& path);

/// InputError unless the path exists, names a member of an archive, or is "-", standard input.
void check_exists(const std::string& path);

/// What the option `empty` asks for.
Empty empty_policy(const std::string& word);

enum class Labels { kRead, kNone };

/// Reads all paths as one set of examples. kNone reads what `predict` needs: no label column, a
/// folder without label folders, "-" for the lines of standard input. InputError names file, place
/// and reason.
Examples read_examples(const std::vector<std::string>& paths, const ReaderSpec& spec,
                       Labels labels = Labels::kRead);

}  // namespace regard::data
