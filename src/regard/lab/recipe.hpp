// A recipe: everything that decides a run, as tables of a TOML file. Unknown keys are errors with
// file and line.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "regard/attention/phrase.hpp"
#include "regard/data/prepare.hpp"
#include "regard/models/model.hpp"
#include "regard/run/recipe.hpp"
#include "regard/train/spec.hpp"

namespace regard::lab {

struct RunSpec {
  std::string title;
  int64_t seed = 1;
  std::string device = "auto";
  int64_t threads = 0;
  std::string out;
  std::string needs;
  std::string baseline = "auto";
  void visit(Visitor& f);
};

struct AttentionSpec {
  std::string phrase = "softmax";
  std::vector<std::string> layers;
  std::string decoder, cross;  // of a translation; "": as the encoder's
  void visit(Visitor& f);
};

struct LoadSpec {
  int64_t batch = 32;
  int64_t batch_tokens = 0;
  int64_t eval_batch = 64;
  int64_t loaders = 1;
  void visit(Visitor& f);
};

struct CompareSpec {
  std::vector<std::string> attention;
  std::vector<int64_t> seeds;
  std::string budget = "steps";
  int64_t jobs = 0;
  void visit(Visitor& f);
};

struct Recipe {
  std::string source;  // the file, for messages; "" when made from flags
  RunSpec run;
  models::ModelSpec model;
  AttentionSpec attention;
  data::DataSpec data;
  LoadSpec load;
  train::Spec train;
  CompareSpec compare;
  /// "table.key" of what the file or a flag gave; the others may follow the data.
  std::set<std::string> named;

  /// The tables of a recipe file in order: run, model, attention, data, train, compare.
  run::Tables tables();

  /// One phrase for all layers, or "[phrase, phrase]": one for each; "; decoder=phrase" and
  /// "; cross=phrase" may follow.
  void set_attention(const std::string& text);
  /// The phrases of the layers, parsed: one, or one a layer.
  std::vector<attention::Phrase> phrases() const;
  /// The canonical text of the phrases: "softmax", or "[window(width=8), softmax]"; behind it what
  /// stands elsewhere in a translation, "softmax; decoder=window(width=8); cross=linear".
  std::string phrase_text() const;
  /// The whole recipe with every default, as a TOML file.
  std::string to_toml() const;
  /// What decides the weights, without paths, seeds, threads and budgets of other runs.
  std::string identity() const;
  /// Writes the warm-up as texts of before have it, where a number was cut to a tenth of the run:
  /// the default is 50, and a number as given that is above a tenth is negative.
  void write_warmup();
};

/// The phrases in "phrase" or "[phrase, phrase]", parsed; what follows a ";" is left out.
/// InputError for an open bracket and an empty list.
std::vector<attention::Phrase> parse_attention(const std::string& text);
/// Their canonical text: "softmax", or "[window(width=8), softmax]".
std::string attention_text(const std::vector<attention::Phrase>& phrases);

/// The canonical text of an attention as `set_attention` takes it.
std::string canonical_attention(const std::string& text);

/// InputError without training data, which names the set that the recipe needs and its source.
void require_data(const Recipe& recipe, const std::string& command);

/// InputError where a number of the batches is out of range.
void check(const LoadSpec& spec);

/// Reads a file on top of the defaults.
Recipe load_recipe(const std::filesystem::path& path);

/// Columns that are named mean a table: files whose names do not end as tables do are then read as
/// one, too. `flag` is the flag that names a column, or "" when only the recipe may; InputError
/// when it meets a reader without columns.
void read_named_columns(Recipe& recipe, const std::string& flag);

}  // namespace regard::lab
