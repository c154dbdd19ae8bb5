#include "regard/data/prepare.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/nodes.hpp"
#include "regard/data/readers/aligned.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"
#include "regard/data/readers/split.hpp"

namespace regard::data {
namespace {

// Longest input where none is given: enough for the task, small enough for two cores.
constexpr int64_t kWindow = 128, kWords = 256, kBytes = 1024;

std::string percent(double fraction) { return shortest(std::round(fraction * 1e4) / 1e2) + " %"; }

bool is_one_text(const Task& task) { return task.reads_text(); }
bool is_translation(const Task& task) { return task.targets() == Targets::kText; }

std::string choose_tokenizer(const DataSpec& spec, const Task& task) {
  if (spec.tokenizer.tokenizer != "auto") return spec.tokenizer.tokenizer;
  if (!spec.tokenizer.vocabulary_file.empty()) return "wordpiece";
  if (task.targets() == Targets::kMasked) return "wordpiece";
  if (is_one_text(task)) return "character";
  if (task.targets() == Targets::kToken) return "words";
  if (is_translation(task)) return "sentencepiece";
  if (spec.reader.reader == "listops") return "listops";
  const bool folders =
      spec.reader.reader == "directory" ||
      (spec.reader.reader == "auto" && guess_reader(spec.train.front()) == "directory");
  return folders ? "byte" : "icu_words";
}

int64_t longest_document(const Examples& examples, const Tokenizer& tokenizer) {
  std::size_t longest = 1;
  std::vector<int32_t> ids;
  const auto measure = [&](std::string_view text) {
    ids.clear();
    tokenizer.encode(text, ids);
    longest = std::max(longest, ids.size());
  };
  for (int64_t i = 0; i < examples.size(); ++i) {
    if (!examples.pairs) {
      measure(examples.documents[i]);
    } else {
      for (const auto text : examples.texts(i)) measure(text);
    }
  }
  return static_cast<int64_t>(longest);
}

// Rows of a masked language model hold a piece of begin, one of end, and masks.
void check_masks(const Tokenizer& tokenizer, const DataSpec& spec) {
  for (const auto piece : {Special::kBegin, Special::kEnd, Special::kMask}) {
    if (tokenizer.special(piece) >= 0) continue;
    const auto& file = spec.tokenizer.vocabulary_file;
    throw InputError(file.empty()
                         ? "tokenizer: a masked language model needs wordpiece or sentencepiece, "
                           "and " +
                               tokenizer.name() + " came"
                         : file +
                               ": a masked language model needs the pieces [CLS], [SEP] and "
                               "[MASK], and one of them is missing");
  }
  if (spec.max_length != 0 && spec.max_length < 4) {
    throw InputError("max_length of at least 4 was expected for a masked language model, and " +
                     std::to_string(spec.max_length) + " came");
  }
}

// One tokenizer reads both languages, each text apart from the other.
std::shared_ptr<const Tokenizer> tokenizer_of_pairs(const DataSpec& spec, TokenizerSpec tokenizer,
                                                    const Examples& training) {
  constexpr int64_t kPieces = 8000;
  if (spec.tokenizer.tokenizer == "auto")
    tokenizer.vocabulary = std::min(tokenizer.vocabulary, kPieces);
  Examples sides[2];
  for (std::size_t side = 0; side < 2; ++side) {
    sides[side].files = training.files;
    sides[side].origins = training.origins;
    for (int64_t i = 0; i < training.size(); ++i)
      sides[side].documents.add(training.texts(i)[side]);
  }
  const Examples* const parts[] = {&sides[0], &sides[1]};
  return make_tokenizer(tokenizer, parts);
}

// A vocabulary that was asked for, and that the text does not fill.
void check_pieces(const Encoding& encoding, const DataSpec& spec) {
  const auto asked = spec.tokenizer.vocabulary;
  const bool named = asked != TokenizerSpec{}.vocabulary;
  const auto most = encoding.tokenizer->vocabulary();
  if (!named || encoding.tokenizer->name() != "sentencepiece" || most >= asked) return;
  throw InputError("vocabulary: this text has at most " + std::to_string(most) + " pieces, and " +
                   std::to_string(asked) + " were asked for");
}

void fit_documents(Encoding& encoding, const DataSpec& spec, const Examples& training,
                   const Begun& begun) {
  auto tokenizer = spec.tokenizer;
  tokenizer.tokenizer = choose_tokenizer(spec, *encoding.task);
  if (begun.tokenizer) tokenizer.tokenizer = begun.tokenizer->name();
  if (training.sentences && tokenizer.tokenizer != "words") {
    throw InputError("tokenizer: the task " + encoding.task->name() +
                     " has a label for each word, so words was expected, and " +
                     tokenizer.tokenizer + " came");
  }
  if (!tokenizer.vocabulary_file.empty() && tokenizer.tokenizer != "wordpiece") {
    throw InputError("vocabulary_file is one of wordpiece, and the tokenizer is " +
                     tokenizer.tokenizer);
  }
  encoding.tokenizer = begun.tokenizer ? begun.tokenizer
                       : is_translation(*encoding.task)
                           ? tokenizer_of_pairs(spec, tokenizer, training)
                           : make_tokenizer(tokenizer, training);
  if (!begun.tokenizer) check_pieces(encoding, spec);
  encoding.framed = begun.framed && encoding.task->targets() == Targets::kExample;
  if (encoding.framed && spec.max_length != 0 && spec.max_length < 3) {
    throw InputError("max_length of at least 3 was expected, with pieces of begin and end, and " +
                     std::to_string(spec.max_length) + " came");
  }
  if (encoding.task->targets() == Targets::kMasked) {
    check_masks(*encoding.tokenizer, spec);
    encoding.framed = true;
  }
  encoding.vocabulary = encoding.tokenizer->vocabulary();
  encoding.max_length = spec.max_length;
  encoding.pad_to = spec.pad_to;
  encoding.pairs = training.pairs;
  encoding.planted = !training.planted.empty();
  if (is_translation(*encoding.task)) set_ends(encoding);
  if (spec.max_length > 0) return;
  if (is_one_text(*encoding.task)) {
    encoding.max_length = begun.max_length > 0 ? begun.max_length : kWindow;
    return;
  }
  const auto longest = longest_document(training, *encoding.tokenizer) + (encoding.framed ? 2 : 0);
  if (is_translation(*encoding.task)) {
    // New lines may be longer than those of training, and are not cut.
    encoding.max_length = std::max(kWindow, 2 * longest);
    return;
  }
  const bool bytes = tokenizer.tokenizer == "byte" || tokenizer.tokenizer == "character" ||
                     tokenizer.tokenizer == "listops";
  const auto most = begun.max_length > 0 ? begun.max_length : bytes ? kBytes : kWords;
  // A training document longer than pad_to is refused where it stands, not cut.
  encoding.max_length = spec.pad_to > 0 ? std::max(spec.pad_to, longest) : std::min(most, longest);
}

void check_lengths(const DataSpec& spec, const Examples& training, const Task& task) {
  if (spec.max_length < 0) throw InputError("max_length counts tokens, from 0; it is negative");
  if (spec.pad_to < 0) throw InputError("pad_to counts tokens, from 0; it is negative");
  if (spec.pad_to == 0) return;
  if (is_translation(task)) {
    throw InputError(
        "pad_to = 0 was expected for a translation, whose batches have few shapes "
        "already, and " +
        std::to_string(spec.pad_to) + " came");
  }
  const bool images = training.form == Examples::Form::kImages;
  if (images || is_one_text(task)) {
    throw InputError(training.place(0) + ": pad_to pads documents with labels, and " +
                     (images ? "images" : "the windows of a language model") +
                     " have one length already");
  }
  if (spec.max_length > 0 && spec.pad_to > spec.max_length) {
    throw InputError("pad_to of at most max_length = " + std::to_string(spec.max_length) +
                     " was expected, and " + std::to_string(spec.pad_to) + " came");
  }
}

Encoding fit(const DataSpec& spec, const Examples& training, const Task& task, const Begun& begun) {
  Encoding encoding;
  encoding.task = &task;
  encoding.image = spec.image;
  if (!is_one_text(task) && !is_translation(task)) {
    encoding.classes = training.label_names;
    if (encoding.classes.size() < 2) {
      throw InputError(training.place(0) +
                       ": a classification needs two labels, and every example is \"" +
                       encoding.classes.front() + "\"");
    }
  }
  if (training.form == Examples::Form::kImages) {
    fit_images(encoding, training);
  } else {
    fit_documents(encoding, spec, training, begun);
  }
  return encoding;
}

Parts hold_out_examples(const DataSpec& spec, const Examples& all) {
  // Sentences have no label of their own: they count as examples of one.
  const std::vector<int32_t> alike(all.labels.empty() ? static_cast<std::size_t>(all.size()) : 0,
                                   0);
  const auto& labels = all.labels.empty() ? alike : all.labels;
  const auto split = hold_out(labels, spec.valid_fraction, static_cast<uint64_t>(spec.split_seed));
  Parts parts;
  parts.train = subset(all, split.train);
  parts.valid = subset(all, split.valid);
  parts.held_out = std::to_string(split.valid.size()) + " of " + std::to_string(all.size()) +
                   " training examples (" + percent(spec.valid_fraction) +
                   (all.labels.empty() ? ", split_seed " : " of each label, split_seed ") +
                   std::to_string(spec.split_seed) + ") are held out for validation";
  return parts;
}

// Documents for a masked language model, each whole in one part.
Parts hold_out_documents(const DataSpec& spec, const Examples& all) {
  auto parts = hold_out_examples(spec, all);
  parts.held_out = std::to_string(parts.valid.size()) + " of " + std::to_string(all.size()) +
                   " documents (" + percent(spec.valid_fraction) + ", split_seed " +
                   std::to_string(spec.split_seed) + ") are held out for validation";
  return parts;
}

// The text is cut before the tokenizer is made, so that it knows the training part alone.
Parts hold_out_text(const DataSpec& spec, const Examples& all) {
  if (!(spec.valid_fraction > 0 && spec.valid_fraction < 1)) {
    throw InputError("valid_fraction lies between 0 and 1, and " + shortest(spec.valid_fraction) +
                     " came");
  }
  std::string text;
  for (int64_t i = 0; i < all.size(); ++i) {
    if (i > 0) text += '\n';
    text += all.documents[i];
  }
  auto cut = static_cast<std::size_t>(static_cast<double>(text.size()) * (1 - spec.valid_fraction));
  while (cut < text.size() && (static_cast<uint8_t>(text[cut]) & 0xC0) == 0x80) ++cut;
  const auto part = [&](std::size_t begin, std::size_t end) {
    Examples examples;
    examples.files = all.files;
    examples.origins = {{0, 0}};
    examples.documents.add(std::string_view(text).substr(begin, end - begin));
    return examples;
  };
  Parts parts;
  parts.train = part(0, cut);
  parts.valid = part(cut, text.size());
  parts.held_out = "the last " + percent(spec.valid_fraction) + " of the text (" +
                   human_bytes(static_cast<double>(text.size() - cut)) +
                   ") is held out for validation";
  return parts;
}

std::string count_sentence(const char* name, const Dataset& data, const Encoding& encoding) {
  std::string text = std::string(name) + ": " + std::to_string(data.size());
  text += " " + (encoding.is_image() ? "images" : encoding.task->things());
  if (data.truncated() > 0) {
    text += ", " + std::to_string(data.truncated()) +
            " of them cut at max_length = " + std::to_string(encoding.max_length) + " tokens";
  }
  return text;
}

// Words or characters that training did not know, or that the vocabulary has no room for.
void warn_of_unknown(const char* name, const Dataset& data, const Encoding& e,
                     std::vector<std::string>& sentences) {
  if (data.unknown() <= 0.1) return;
  const bool words = e.tokenizer->name().ends_with("words");
  sentences.push_back(std::string("warning: ") + name + ": " + percent(data.unknown()) +
                      " of the tokens are unknown to the tokenizer \"" + e.tokenizer->name() +
                      "\" and look alike to the model; mend: " +
                      (words ? "a larger data.vocabulary, or --tokenizer character or byte"
                             : "--tokenizer byte, or training data with these characters"));
}

std::string input_sentence(const Encoding& e) {
  std::string text = "input: ";
  if (e.is_image()) {
    text += "images of " + std::to_string(e.shape.height) + " x " + std::to_string(e.shape.width) +
            " x " + std::to_string(e.shape.channels) + " as " + std::to_string(e.max_length) + " " +
            e.image.image_tokens;
  } else {
    text += e.tokenizer->name() + " tokens, vocabulary " + std::to_string(e.vocabulary) +
            ", at most " + std::to_string(e.max_length);
    if (e.pad_to > 0) text += ", padded to " + std::to_string(e.pad_to);
  }
  if (!e.classes.empty()) text += "; " + std::to_string(e.classes.size()) + " labels";
  return text;
}

// A table read for a language model or a translation needs no label column.
Labels labels_of(const DataSpec& spec) {
  if (!spec.reader.table.target_text.empty()) return Labels::kNone;
  return spec.task != "auto" && is_one_text(find_task(spec.task)) ? Labels::kNone : Labels::kRead;
}

// Files are read as the task asks, unless the user names a reader.
ReaderSpec reader_of(const DataSpec& spec, const std::string& task) {
  auto reader = spec.reader;
  if (reader.reader == "auto" && task != "auto") reader.reader = find_task(task).reader();
  return reader;
}

Examples drop_labels(Examples examples, const Task& task) {
  if (is_one_text(task)) {
    examples.labels.clear();
    examples.label_names.clear();
  }
  return examples;
}

// The tokenizer byte takes any bytes, so the text need not be UTF-8.
ReaderSpec reader_for_training(const DataSpec& spec) {
  auto reader = reader_of(spec, spec.task);
  if (spec.tokenizer.tokenizer == "byte") reader.unmarked = Unmarked::kAnyBytes;
  return reader;
}

ReaderSpec reader_for_new_data(const DataSpec& spec, const Encoding& encoding) {
  auto reader = reader_of(spec, encoding.task->name());
  const bool bytes = encoding.tokenizer && encoding.tokenizer->name() == "byte";
  if (bytes) reader.unmarked = Unmarked::kAnyBytes;
  const bool table =
      reader.reader == "table" || (!spec.train.empty() && is_table_name(spec.train.front()));
  reader.trained_on_table = encoding.task->targets() == Targets::kExample && table;
  return reader;
}

struct Part {
  const std::vector<std::string>& paths;
  const DataSpec& spec;
  ReaderSpec reader;
  const Task& task;
  const std::vector<std::string>& targets;
};

Examples read_part(const Part& part, std::vector<std::string>* sentences) {
  const auto& [paths, spec, reader, task, _] = part;
  auto examples = part.targets.empty() ? read_examples(paths, reader, labels_of(spec))
                                       : read_aligned(paths, part.targets, reader);
  if (sentences != nullptr) {
    sentences->insert(sentences->end(), examples.notes.begin(), examples.notes.end());
  }
  if (is_translation(task)) {
    const auto why = task.refusal(examples);
    if (!why.empty()) throw InputError(examples.place(0) + ": " + why);
  } else if (!is_one_text(task) && !examples.labelled()) {
    throw InputError(examples.place(0) + ": labels are needed here, and there are none");
  }
  return drop_labels(std::move(examples), task);
}

}  // namespace

void DataSpec::visit(Visitor& f) {
  f("train", train, "training data: files, or directories");
  f("valid", valid, "validation data; empty: a part of the training data is held out");
  f("test", test, "test data, looked at once, at the end");
  f("target", target, "translation: the file whose line n translates line n of train");
  f("valid_target", valid_target, "translation: likewise for valid");
  f("test_target", test_target, "translation: likewise for test");
  Choices tasks = task_names();
  tasks.insert(tasks.begin(), "auto");
  f("task", task,
    "what is asked; auto: a classification when there are labels, a translation when there are "
    "targets, else a language model",
    tasks);
  reader.visit(f);
  tokenizer.visit(f);
  image.visit(f);
  nodes.visit(f);
  f("max_length", max_length,
    "longest input in tokens, longer documents are cut; 0: 128 for a language model, else the "
    "longest "
    "document, at most 256 words or 1024 bytes or characters");
  f("pad_to", pad_to,
    "documents: length to which every batch is padded, at most max_length; 0: the longest of the "
    "batch");
  f("valid_fraction", valid_fraction,
    "part of the training data that is held out when valid is empty");
  f("split_seed", split_seed,
    "which examples are held out; the same for all seeds of a comparison");
}

namespace {

// Files of sources have files of targets in every part, or in none.
void check_targets(const DataSpec& spec) {
  const auto check = [&](const std::vector<std::string>& sources,
                         const std::vector<std::string>& targets, const char* source,
                         const char* target) {
    if (sources.empty() && !targets.empty()) {
      throw InputError(std::string(target) + ": its sources were expected, too (" + source + ")");
    }
    if (!sources.empty() && targets.empty() && !spec.target.empty()) {
      throw InputError(std::string(source) + " " + sources.front() +
                       ": its targets were expected, "
                       "too (" +
                       target + ")");
    }
    if (!targets.empty() && spec.target.empty()) {
      throw InputError(std::string(target) +
                       ": targets of the training data were expected, too "
                       "(--target)");
    }
  };
  check(spec.train, spec.target, "--data", "--target");
  check(spec.valid, spec.valid_target, "--valid", "--valid-target");
  check(spec.test, spec.test_target, "--test", "--test-target");
  if (!spec.target.empty() && !spec.reader.table.target_text.empty()) {
    throw InputError(
        "--target names a file and --target-text a column of a table; one of them was "
        "expected");
  }
}

// Folders have labels for other tasks, so it is said that they have none for this one.
void add_note_of_folders(const DataSpec& spec, const Task& task, const Examples& all,
                         std::vector<std::string>& notes) {
  if (!is_one_text(task)) return;
  for (const auto& path : spec.train) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) continue;
    notes.push_back(path + ": its " + std::to_string(all.size()) +
                    " files are read as documents without labels, since the task is " +
                    task.name());
    return;
  }
}
}  // namespace

Parts read_parts(const DataSpec& spec) {
  if (spec.train.empty())
    throw InputError("no training data is named (--data, or train in [data])");
  const auto reader = reader_for_training(spec);
  check_targets(spec);
  auto all = spec.target.empty() ? read_examples(spec.train, reader, labels_of(spec))
                                 : read_aligned(spec.train, spec.target, reader);
  auto notes = all.notes;
  const auto& task = choose_task(spec.task, all);
  add_note_of_folders(spec, task, all, notes);
  check_lengths(spec, all, task);
  Parts parts;
  if (!spec.valid.empty()) {
    parts.train = drop_labels(std::move(all), task);
    parts.valid = read_part({spec.valid, spec, reader, task, spec.valid_target}, &notes);
  } else {
    constexpr int64_t kFewDocuments = 20;
    const bool many = task.targets() == Targets::kMasked && all.size() >= kFewDocuments;
    parts = many                ? hold_out_documents(spec, all)
            : is_one_text(task) ? hold_out_text(spec, all)
                                : hold_out_examples(spec, all);
  }
  if (!spec.test.empty())
    parts.test = read_part({spec.test, spec, reader, task, spec.test_target}, &notes);
  parts.task = &task;
  parts.notes = std::move(notes);
  return parts;
}

namespace {

// Nodes and edges are named together, or neither.
bool is_nodes(const DataSpec& spec) {
  const bool named = spec.reader.reader == "nodes" || spec.task == "nodes";
  if (!named && !spec.nodes.edges.empty()) {
    throw InputError("--edges: the nodes that they join were expected, too (--nodes FILE)");
  }
  const bool other = spec.task != "auto" && spec.task != "nodes";
  if (named && (other || (spec.reader.reader != "auto" && spec.reader.reader != "nodes"))) {
    throw InputError("task = \"" + spec.task + "\" and reader = \"" + spec.reader.reader +
                     "\": nodes have the task nodes and the reader nodes");
  }
  return named;
}

}  // namespace

Prepared prepare(const DataSpec& spec, torch::Device device, const Begun& begun) {
  if (is_nodes(spec)) return prepare_nodes(spec, device);
  auto parts = read_parts(spec);
  Prepared prepared;
  auto& sentences = prepared.sentences;
  sentences = std::move(parts.notes);
  prepared.encoding = fit(spec, parts.train, *parts.task, begun);
  prepared.train = make_dataset(std::move(parts.train), prepared.encoding, device);
  prepared.valid = make_dataset(std::move(parts.valid), prepared.encoding, device);
  if (!spec.test.empty())
    prepared.test = make_dataset(std::move(parts.test), prepared.encoding, device);
  sentences.push_back(input_sentence(prepared.encoding));
  sentences.push_back(count_sentence("train", *prepared.train, prepared.encoding));
  sentences.push_back(count_sentence("valid", *prepared.valid, prepared.encoding));
  if (prepared.test) sentences.push_back(count_sentence("test", *prepared.test, prepared.encoding));
  if (!parts.held_out.empty()) sentences.push_back(parts.held_out);
  warn_of_unknown("train", *prepared.train, prepared.encoding, sentences);
  warn_of_unknown("valid", *prepared.valid, prepared.encoding, sentences);
  if (prepared.test) warn_of_unknown("test", *prepared.test, prepared.encoding, sentences);
  return prepared;
}

std::shared_ptr<const Dataset> prepare_evaluation(const std::vector<std::string>& paths,
                                                  const DataSpec& spec, const Encoding& encoding,
                                                  torch::Device device,
                                                  std::vector<std::string>* sentences,
                                                  const std::vector<std::string>& targets,
                                                  const Noise& noise) {
  if (encoding.nodes) {
    return prepare_new_nodes(paths, spec, encoding, device, NodeLabels::kRead);
  }
  const Part part{paths, spec, reader_for_new_data(spec, encoding), *encoding.task, targets};
  return make_dataset(with_noise(read_part(part, sentences), noise), encoding, device);
}

std::shared_ptr<const Dataset> prepare_inputs(const std::vector<std::string>& paths,
                                              const DataSpec& spec, const Encoding& encoding,
                                              torch::Device device,
                                              std::vector<std::string>* sentences) {
  if (encoding.nodes) {
    return prepare_new_nodes(paths, spec, encoding, device, NodeLabels::kNone);
  }
  auto examples = read_examples(paths, reader_for_new_data(spec, encoding), Labels::kNone);
  if (sentences != nullptr) *sentences = examples.notes;
  return make_dataset(std::move(examples), encoding, device);
}

std::shared_ptr<const Dataset> prepare_lines(const std::vector<std::string>& paths,
                                             const DataSpec& spec, const Encoding& encoding,
                                             torch::Device device) {
  Examples examples;
  for (const auto& path : paths) {
    check_exists(path);
    for (auto& file : open_members(path)) {
      const auto decoded =
          decode(std::move(file.bytes), file.name, {spec.reader.encoding, Unmarked::kUtf8});
      const auto number = static_cast<int32_t>(examples.files.size());
      examples.files.push_back(file.name);
      int64_t row = 0;
      for (const auto line : lines_of(decoded.text)) {
        examples.origins.push_back({number, ++row});
        examples.documents.add(line);
      }
    }
  }
  return make_sequences(examples, encoding, device);
}

}  // namespace regard::data
