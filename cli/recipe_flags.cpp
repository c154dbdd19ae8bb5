#include "recipe_flags.hpp"

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::cli {

namespace {

// --help shows what a recipe without this flag has.
void show_default(CLI::Option& option, const std::string& table, const std::string& key) {
  lab::Recipe recipe;
  for (const auto& t : recipe.tables()) {
    if (t.name != table) continue;
    for (const auto& field : fields(t.visit)) {
      if (field.name != key) continue;
      option.type_name(std::holds_alternative<int64_t>(field.value)  ? "INT"
                       : std::holds_alternative<double>(field.value) ? "NUMBER"
                                                                     : "TEXT");
      const bool said = option.get_description().find("default") != std::string::npos;
      const auto text = to_text(field.value);
      if (!said && !text.empty() && text != "[]") option.default_str(text);
    }
  }
}

}  // namespace

void RecipeFlags::add(CLI::App& command, const std::string& flag, const std::string& table,
                      const std::string& key, const std::string& help, bool many) {
  Flag entry{flag, table, key, nullptr, std::make_shared<std::vector<std::string>>(), many};
  entry.option = command.add_option(flag, *entry.values, help);
  if (many) {
    entry.option->expected(1, -1);
  } else {
    entry.option->expected(1)->take_last();
  }
  show_default(*entry.option, table, key);
  flags_.push_back(entry);
}

RecipeFlags::RecipeFlags(CLI::App& command)
    : file_(std::make_shared<std::string>()),
      nodes_(std::make_shared<std::string>()),
      directed_(std::make_shared<bool>(false)),
      set_(std::make_shared<std::vector<std::string>>()) {
  command.add_option("recipe", *file_,
                     "a recipe file (TOML); without it, --data says what to train on");
  add(command, "--data", "data", "train",
      "training data: text, .tsv or .csv, images, a folder per label; also compressed", true);
  add(command, "--valid", "data", "valid",
      "validation data (default: a part of --data is held out)", true);
  add(command, "--test", "data", "test", "test data, looked at once, at the end", true);
  add(command, "--target", "data", "target",
      "translation: the file whose line n is the translation of line n of --data", true);
  add(command, "--valid-target", "data", "valid_target", "likewise for --valid", true);
  add(command, "--test-target", "data", "test_target", "likewise for --test", true);
  command.add_option("--nodes", *nodes_,
                     "a graph: table of nodes (id, label, split, features), with --edges");
  add(command, "--edges", "data", "edges", "edges of --nodes: two ids a line, perhaps a weight",
      true);
  add(command, "--features", "data", "features",
      "column of --nodes with the words index or index:value");
  command.add_flag("--directed", *directed_, "an edge a b means only that b attends to a");
  add(command, "--text", "data", "text", "column with the text: its name, or its number from 1");
  add(command, "--text2", "data", "text2", "column of a second text: pairs with one label");
  add(command, "--target-text", "data", "target_text", "column with the translation of the text");
  add(command, "--label", "data", "label", "column with the label");
  add(command, "--encoding", "data", "encoding",
      "of text and tables: auto, utf-8, utf-16, latin-1, windows-1252, ...");
  add(command, "--empty", "data", "empty", "documents without text: auto, leave_out or refuse");
  add(command, "--tokenizer", "data", "tokenizer",
      "auto, byte, character, words, icu_words, sentencepiece or wordpiece");
  add(command, "--vocabulary", "data", "vocabulary",
      "most frequent words with an id of their own; sentencepiece, wordpiece: pieces in all");
  add(command, "--vocabulary-file", "data", "vocabulary_file",
      "wordpiece: its vocabulary, a piece a line");
  add(command, "--subwords", "data", "subwords", "sentencepiece: bpe or unigram");
  add(command, "--batch-tokens", "data", "batch_tokens",
      "positions in a batch instead of --batch; of both sides in a translation (0: not set)");
  add(command, "--max-length", "data", "max_length",
      "longest input in tokens; longer ones are cut (0: 128 for a language model, else as the "
      "data)");
  add(command, "--pad-to", "data", "pad_to",
      "pad every batch of documents to this length (0: to its longest)");
  add(command, "--task", "data", "task",
      "what is asked, as `regard list tasks` names it (default: what the data looks like)");
  add(command, "--model", "model", "kind",
      "which network, as `regard list models` names it (default: that of the task)");
  add(command, "--from", "model", "from",
      "begin with the weights, the tokenizer and the sizes of this run");
  add(command, "--width", "model", "width", "width of the model");
  add(command, "--layers", "model", "layers", "number of layers");
  add(command, "--heads", "model", "heads", "attention heads");
  add(command, "--steps", "train", "steps", "training steps");
  add(command, "--epochs", "train", "epochs",
      "passes over the data, instead of --steps (0: not set)");
  add(command, "--batch", "data", "batch", "examples in a batch");
  add(command, "--lr", "train", "lr", "highest learning rate");
  add(command, "--checkpoint-every", "train", "checkpoint_every",
      "steps between checkpoints (0: with each evaluation)");
  add(command, "--dtype", "train", "dtype", "fp32 or bf16");
  add(command, "--deterministic", "train", "deterministic", "auto (on CPUs), yes or no");
  add(command, "--device", "run", "device", "auto, cpu or cuda");
  add(command, "--threads", "run", "threads", "CPU threads (default: one a core)");
  add(command, "--baseline", "run", "baseline",
      "auto: a bag of words beside texts with labels; off: none");
  add(command, "--title", "run", "title", "a name for the report");
  add(command, "--out", "run", "out", "run folder (default: runs/<name of the data>)");
  command
      .add_option("--set", *set_,
                  "any option of a recipe: table.key=value, as `regard show` prints them")
      ->expected(1);
  command.get_option("--set")->take_all();
}

lab::Recipe RecipeFlags::recipe() const {
  lab::Recipe recipe = file_->empty() ? lab::Recipe() : lab::load_recipe(*file_);
  std::string column;
  for (const auto& flag : flags_) {
    if (flag.option->count() == 0) continue;
    const auto& values = *flag.values;
    const bool word = flag.key == "text" || flag.key == "text2" || flag.key == "label" ||
                      flag.key == "target_text" || flag.key == "title" || flag.key == "out" ||
                      flag.key == "encoding" || flag.key == "features" ||
                      flag.key == "vocabulary_file" || flag.key == "from";
    const Value value = flag.many ? Value(values)
                        : word    ? Value(values.back())
                                  : parse_value(values.back());
    run::set_option(recipe.tables(), flag.table, flag.key, value, flag.name);
    recipe.named.insert(flag.table + "." + flag.key);
    if (flag.key == "text" || flag.key == "text2" || flag.key == "target_text" ||
        flag.key == "label")
      column = flag.name;
  }
  if (!nodes_->empty()) {
    recipe.data.train = {*nodes_};
    recipe.data.reader.reader = recipe.data.task = "nodes";
    for (const char* name : {"data.train", "data.reader", "data.task"}) recipe.named.insert(name);
  }
  if (*directed_) {
    recipe.data.nodes.directed = true;
    recipe.named.insert("data.directed");
  }
  for (const auto& item : *set_) {
    const auto equals = item.find('='), dot = item.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals) {
      throw InputError("--set: table.key=value was expected, and \"" + item + "\" came");
    }
    run::set_option(recipe.tables(), trim(item.substr(0, dot)),
                    trim(item.substr(dot + 1, equals - dot - 1)),
                    parse_value(item.substr(equals + 1)), "--set " + item);
    recipe.named.insert(trim(item.substr(0, equals)));
  }
  lab::read_named_columns(recipe, column);
  return recipe;
}

}  // namespace regard::cli
