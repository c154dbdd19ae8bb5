#include "regard/data/prepare.hpp"

#include <filesystem>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/fit_encoding.hpp"
#include "regard/data/hold_out_part.hpp"
#include "regard/data/nodes.hpp"
#include "regard/data/readers/aligned.hpp"
#include "regard/data/readers/archive.hpp"
#include "regard/data/readers/charset.hpp"

namespace regard::data {
namespace {

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
  return spec.task != "auto" && find_task(spec.task).reads_text() ? Labels::kNone : Labels::kRead;
}

// Files are read as the task asks, unless the user names a reader.
ReaderSpec reader_of(const DataSpec& spec, const std::string& task) {
  auto reader = spec.reader;
  if (reader.reader == "auto" && task != "auto") reader.reader = find_task(task).reader();
  return reader;
}

Examples drop_labels(Examples examples, const Task& task) {
  if (task.reads_text()) {
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
  if (task.targets() == Targets::kText) {
    const auto why = task.refusal(examples);
    if (!why.empty()) throw InputError(examples.place(0) + ": " + why);
  } else if (!task.reads_text() && !examples.labelled()) {
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
  if (!task.reads_text()) return;
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
    parts = hold_out_part(spec, all, task);
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
  prepared.encoding = fit_encoding(spec, parts.train, *parts.task, begun);
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
