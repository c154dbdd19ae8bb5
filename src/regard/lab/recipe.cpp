#include "regard/lab/recipe.hpp"

#include <algorithm>
#include <sstream>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::lab {

void RunSpec::visit(Visitor& f) {
  f("title", title, "a name for reports");
  f("seed", seed, "keys every random number: weights, order of the data, dropout");
  f("device", device, "where tensors live; auto: a GPU where there is one",
    {"auto", "cpu", "cuda"});
  f("threads", threads, "CPU threads (0: one a core)");
  f("out", out, "run folder (empty: runs/<name of the data>)");
  f("needs", needs, "the data set of this recipe and its source, said when --data is missing");
  f("baseline", baseline, "auto: texts with labels get a bag of words beside them; off: none",
    {"auto", "off"});
}

void AttentionSpec::visit(Visitor& f) {
  f("phrase", phrase, "projection+graph+fold, as `regard list` names them");
  f("layers", layers, "a phrase for each layer, instead of one for all");
  f("decoder", decoder,
    "translation: phrase of the decoder (empty: that of the encoder where it can be causal, else "
    "softmax)");
  f("cross", cross,
    "translation: phrase of the attention from the decoder to the encoder, or none (empty: that of "
    "the encoder where it has a meaning across, else softmax)");
}

void LoadSpec::visit(Visitor& f) {
  f("batch", batch, "examples in a training batch");
  f("batch_tokens", batch_tokens,
    "documents: positions in a batch with their padding, instead of batch (0: not set)");
  f("eval_batch", eval_batch, "examples in an evaluation batch");
  f("loaders", loaders, "threads that prepare batches ahead");
}

void require_data(const Recipe& recipe, const std::string& command) {
  if (!recipe.data.train.empty()) return;
  const auto& needs = recipe.run.needs;
  throw InputError(command + ": data was expected" + (needs.empty() ? "" : ", " + needs) +
                   "; give --data FILE, or `train` in the table [data] of a recipe");
}

void check(const LoadSpec& spec) {
  const auto demand = [](int64_t value, int64_t least, const char* name) {
    if (value >= least) return;
    throw InputError(std::string("[data]: ") + name + " of at least " + std::to_string(least) +
                     " was expected, and " + std::to_string(value) + " came");
  };
  demand(spec.batch, 1, "batch");
  demand(spec.batch_tokens, 0, "batch_tokens");
  demand(spec.eval_batch, 1, "eval_batch");
  demand(spec.loaders, 0, "loaders");
}

void CompareSpec::visit(Visitor& f) {
  f("attention", attention,
    "the phrases to compare, each for all layers or a list with one a layer; differences are to "
    "the first");
  f("seeds", seeds, "one run a phrase and seed");
  f("budget", budget,
    "what the runs have in common: steps, seconds (train.seconds) or parameters (the feed-forward "
    "is widened)",
    {"steps", "seconds", "parameters"});
  f("jobs", jobs, "runs at a time (0: one a core on CPUs with one thread each, one on a GPU)");
}

run::Tables Recipe::tables() {
  return {
      {"run", [this](Visitor& f) { run.visit(f); }},
      {"model", [this](Visitor& f) { model.visit(f); }},
      {"attention", [this](Visitor& f) { attention.visit(f); }},
      {"data",
       [this](Visitor& f) {
         data.visit(f);
         load.visit(f);
       }},
      {"train", [this](Visitor& f) { train.visit(f); }},
      {"compare", [this](Visitor& f) { compare.visit(f); }},
  };
}

namespace {

// projection = "shared", graph = { name = "window", width = 64 }: an axis as a table instead of a
// term.
std::string term_of(const run::TomlEntry& axis) {
  if (!axis.table) return to_text(axis.value);
  std::string name;
  std::vector<std::string> options;
  for (const auto& child : axis.children) {
    if (child.table)
      throw InputError(child.place + ", [attention] " + axis.key +
                       ": an option was expected, and a table came");
    if (child.key == "name") {
      name = to_text(child.value);
    } else {
      options.push_back(child.key + "=" + to_text(child.value));
    }
  }
  if (name.empty())
    throw InputError(axis.place + ", [attention] " + axis.key + ": a key `name` was expected");
  return options.empty() ? name : name + "(" + join(options, ",") + ")";
}

// A mistake in a phrase is told with the line that holds it.
void check_phrases(const std::vector<std::string>& texts, const std::string& place) {
  for (const auto& text : texts) {
    try {
      parse_attention(text);
    } catch (const InputError& error) {
      throw InputError(place + ": " + error.what());
    }
  }
}

// The phrase of another place than the encoder, where one is given.
std::vector<std::string> given(const std::string& phrase) {
  return phrase.empty() || phrase == "none" ? std::vector<std::string>()
                                            : std::vector<std::string>{phrase};
}

void read_attention(const run::TomlEntry& table, Recipe& recipe) {
  std::vector<std::string> terms;
  bool phrase = false;
  for (const auto& entry : table.children) {
    const bool axis = entry.key == "projection" || entry.key == "graph" || entry.key == "fold";
    if (axis) {
      terms.push_back(term_of(entry));
      continue;
    }
    const bool elsewhere = entry.key == "decoder" || entry.key == "cross";
    phrase = phrase || !elsewhere;
    if (entry.table)
      throw InputError(entry.place + ", [attention]: a phrase was expected for \"" + entry.key +
                       "\", and a table came");
    const auto place = entry.place + ", [attention]";
    run::set_option(recipe.tables(), "attention", entry.key, entry.value, place);
    check_phrases(entry.key == "layers"    ? recipe.attention.layers
                  : entry.key == "decoder" ? given(recipe.attention.decoder)
                  : entry.key == "cross"   ? given(recipe.attention.cross)
                                           : std::vector<std::string>{recipe.attention.phrase},
                  place);
  }
  if (terms.empty()) return;
  if (phrase)
    throw InputError(
        table.place +
        ", [attention]: a phrase or tables projection, graph, fold were expected, and both came");
  recipe.attention.phrase = join(terms, "+");
  check_phrases({recipe.attention.phrase}, table.place + ", [attention]");
}

// budget = { steps = 1500 } sets the budget and its amount.
void read_compare(const run::TomlEntry& table, Recipe& recipe) {
  for (const auto& entry : table.children) {
    if (!entry.table) {
      const auto place = entry.place + ", [compare]";
      run::set_option(recipe.tables(), "compare", entry.key, entry.value, place);
      if (entry.key == "attention") check_phrases(recipe.compare.attention, place);
      continue;
    }
    if (entry.key != "budget" || entry.children.size() != 1) {
      throw InputError(
          entry.place +
          ", [compare]: budget = { steps = N }, { seconds = S } or \"parameters\" was expected");
    }
    const auto& amount = entry.children[0];
    run::set_option(recipe.tables(), "compare", "budget", amount.key,
                    amount.place + ", [compare] budget");
    if (amount.key == "parameters") {
      throw InputError(
          amount.place +
          ", [compare]: budget = \"parameters\" takes no amount; the first phrase decides it");
    }
    run::set_option(recipe.tables(), "train", amount.key, amount.value,
                    amount.place + ", [compare] budget");
  }
}

// "table.key" of every line of a file; the amount of a budget is named too.
std::set<std::string> names_in(const std::filesystem::path& path) {
  std::set<std::string> names;
  for (const auto& table : run::read_toml(path).children) {
    for (const auto& entry : table.children) {
      names.insert(table.key + "." + entry.key);
      if (table.key != "compare") continue;
      for (const auto& amount : entry.children) names.insert("train." + amount.key);
    }
  }
  return names;
}

}  // namespace

// Paths in a recipe are relative to where the command runs, as on the command line.
Recipe load_recipe(const std::filesystem::path& path) {
  Recipe recipe;
  recipe.source = path.string();
  run::read_recipe(path, recipe.tables(),
                   {{"attention", [&](const auto& table) { read_attention(table, recipe); }},
                    {"compare", [&](const auto& table) { read_compare(table, recipe); }}});
  recipe.named = names_in(path);
  return recipe;
}

void read_named_columns(Recipe& recipe, const std::string& flag) {
  auto& reader = recipe.data.reader;
  const data::TableSpec plain;
  const bool named = reader.table.text != plain.text || reader.table.text2 != plain.text2 ||
                     reader.table.target_text != plain.target_text ||
                     reader.table.label != plain.label;
  if (reader.reader != "auto" && reader.reader != "table" && !flag.empty()) {
    throw InputError(flag + " names a column of a table, and the recipe says reader = \"" +
                     reader.reader + "\"");
  }
  if (reader.reader != "auto" || (flag.empty() && !named)) return;
  for (const auto* paths : {&recipe.data.train, &recipe.data.valid, &recipe.data.test}) {
    for (const auto& path : *paths) {
      std::error_code ignored;
      const bool folder = flag.empty() && std::filesystem::is_directory(path, ignored);
      if (!folder && !data::is_table_name(path)) reader.reader = "table";
    }
  }
}

namespace {

// "a; decoder=b; cross=c" in parts.
AttentionSpec parts_of(const std::string& text) {
  AttentionSpec spec;
  const auto parts = split_outside_brackets(text, ';');
  spec.phrase = trim(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const auto part = trim(parts[i]);
    const auto equals = part.find('=');
    const auto name = trim(part.substr(0, equals));
    if (equals == std::string::npos || (name != "decoder" && name != "cross")) {
      throw InputError("phrase \"" + text +
                       "\": behind \";\" decoder=phrase or cross=phrase was expected, and \"" +
                       part + "\" came");
    }
    (name == "decoder" ? spec.decoder : spec.cross) = trim(part.substr(equals + 1));
  }
  return spec;
}

// What stands elsewhere than in the encoder, as it is written behind its phrases.
std::string elsewhere(const AttentionSpec& spec) {
  const auto written = [](const char* name, const std::string& phrase) {
    if (phrase.empty()) return std::string();
    return std::string("; ") + name + "=" +
           (phrase == "none" ? phrase : attention::parse_phrase(phrase).canonical);
  };
  return written("decoder", spec.decoder) + written("cross", spec.cross);
}

// The phrases of "[a, b]", or the one that has no brackets around it.
std::vector<std::string> texts_of_layers(const std::string& text) {
  const auto whole = trim(text);
  if (!whole.starts_with('[')) return {whole};
  if (!whole.ends_with(']')) {
    throw InputError("phrase \"" + text + "\": the list of layers is not closed by \"]\"");
  }
  std::vector<std::string> texts;
  for (const auto& part : split_outside_brackets(whole.substr(1, whole.size() - 2), ',')) {
    texts.push_back(trim(part));
  }
  return texts;
}

}  // namespace

std::vector<attention::Phrase> parse_attention(const std::string& text) {
  std::vector<attention::Phrase> phrases;
  for (const auto& part : texts_of_layers(parts_of(text).phrase))
    phrases.push_back(attention::parse_phrase(part));
  return phrases;
}

std::string canonical_attention(const std::string& text) {
  return attention_text(parse_attention(text)) + elsewhere(parts_of(text));
}

std::string attention_text(const std::vector<attention::Phrase>& phrases) {
  std::vector<std::string> texts;
  for (const auto& phrase : phrases) texts.push_back(phrase.canonical);
  return texts.size() == 1 ? texts[0] : "[" + join(texts, ", ") + "]";
}

void Recipe::set_attention(const std::string& text) {
  attention = parts_of(text);
  if (!attention.phrase.starts_with('[')) return;
  attention.layers = texts_of_layers(attention.phrase);
  attention.phrase = AttentionSpec().phrase;
}

std::vector<attention::Phrase> Recipe::phrases() const {
  std::vector<attention::Phrase> parsed;
  if (attention.layers.empty()) {
    parsed.push_back(attention::parse_phrase(attention.phrase));
  } else {
    for (const auto& text : attention.layers) parsed.push_back(attention::parse_phrase(text));
  }
  return parsed;
}

std::string Recipe::phrase_text() const { return attention_text(phrases()) + elsewhere(attention); }

std::string Recipe::to_toml() const { return run::to_toml(Recipe(*this).tables()); }

namespace {
// Options that came after the first checkpoints. At their defaults they are left out, so that those
// still fit.
const std::vector<std::string>& later_options() {
  static const std::vector<std::string> names = {"attention_dropout",
                                                 "activation_dropout",
                                                 "encoding",
                                                 "empty",
                                                 "min_delta",
                                                 "word_dropout",
                                                 "pairs",
                                                 "block",
                                                 "heads_last",
                                                 "l2",
                                                 "edges",
                                                 "directed",
                                                 "features",
                                                 "recall_length",
                                                 "recall_keys",
                                                 "recall_values",
                                                 "subwords",
                                                 "vocabulary_file",
                                                 "decoder",
                                                 "cross",
                                                 "target",
                                                 "valid_target",
                                                 "test_target",
                                                 "target_text",
                                                 "embed_scale",
                                                 "average",
                                                 "embed_dropout",
                                                 "norm_epsilon",
                                                 "token_types",
                                                 "head_activation",
                                                 "from"};
  return names;
}

std::string without_later_defaults(const Visit& table, const Visit& defaults) {
  std::vector<std::string> usual;
  std::istringstream all(run::toml_lines(defaults));
  for (std::string line; std::getline(all, line);) usual.push_back(line);
  std::string text;
  std::istringstream lines(run::toml_lines(table));
  for (std::string line; std::getline(lines, line);) {
    const auto key = line.substr(0, line.find(' '));
    const auto& later = later_options();
    const bool is_later = std::find(later.begin(), later.end(), key) != later.end();
    const bool is_usual = std::find(usual.begin(), usual.end(), line) != usual.end();
    if (!is_later || !is_usual) text += line + "\n";
  }
  return text;
}
}  // namespace

std::string Recipe::identity() const {
  Recipe copy = *this;
  copy.data.train.clear();
  copy.data.valid.clear();
  copy.data.test.clear();
  copy.data.nodes.edges.clear();
  copy.data.target.clear();
  copy.data.valid_target.clear();
  copy.data.test_target.clear();
  if (!copy.model.from.empty()) copy.model.from = "a run";
  if (!copy.data.tokenizer.vocabulary_file.empty()) {
    copy.data.tokenizer.vocabulary_file = "a vocabulary";
  }
  copy.load.loaders = LoadSpec().loaders;
  copy.load.eval_batch = LoadSpec().eval_batch;
  if (copy.attention.layers.empty()) copy.attention.phrase = attention_text(phrases());
  copy.write_warmup();
  Recipe usual;
  const auto defaults = usual.tables();
  const auto tables = copy.tables();
  std::string text;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].name == "run" || tables[i].name == "compare") continue;
    text +=
        "[" + tables[i].name + "]\n" + without_later_defaults(tables[i].visit, defaults[i].visit);
  }
  return text;
}

void Recipe::write_warmup() {
  if (train.warmup < 0) {
    train.warmup = train.warmup_steps(0);
    return;
  }
  const bool length_known = train.epochs == 0 && train.seconds == 0;
  if (length_known && train.warmup > train.steps / 10) train.warmup = -train.warmup;
}

}  // namespace regard::lab
