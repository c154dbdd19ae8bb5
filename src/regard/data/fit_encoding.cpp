#include "regard/data/fit_encoding.hpp"

#include <algorithm>

#include "regard/base/error.hpp"
#include "regard/data/readers/archive.hpp"

namespace regard::data {
namespace {

// Longest input where none is given: enough for the task, small enough for two cores.
constexpr int64_t kWindow = 128, kWords = 256, kBytes = 1024;

bool is_translation(const Task& task) { return task.targets() == Targets::kText; }

std::string choose_tokenizer(const DataSpec& spec, const Task& task) {
  if (spec.tokenizer.tokenizer != "auto") return spec.tokenizer.tokenizer;
  if (!spec.tokenizer.vocabulary_file.empty()) return "wordpiece";
  if (task.targets() == Targets::kMasked) return "wordpiece";
  if (task.reads_text()) return "character";
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
  if (encoding.task->reads_text()) {
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

}  // namespace

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
  if (images || task.reads_text()) {
    throw InputError(training.place(0) + ": pad_to pads documents with labels, and " +
                     (images ? "images" : "the windows of a language model") +
                     " have one length already");
  }
  if (spec.max_length > 0 && spec.pad_to > spec.max_length) {
    throw InputError("pad_to of at most max_length = " + std::to_string(spec.max_length) +
                     " was expected, and " + std::to_string(spec.pad_to) + " came");
  }
}

Encoding fit_encoding(const DataSpec& spec, const Examples& training, const Task& task,
                      const Begun& begun) {
  Encoding encoding;
  encoding.task = &task;
  encoding.image = spec.image;
  if (!task.reads_text() && !is_translation(task)) {
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

}  // namespace regard::data
