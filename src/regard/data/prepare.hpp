// From the [data] table of a recipe to encoded training, validation and test data.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/dataset.hpp"
#include "regard/data/readers/encoding.hpp"
#include "regard/data/readers/noise.hpp"
#include "regard/data/readers/reader.hpp"
#include "regard/data/readers/tokenizer.hpp"

namespace regard::data {

struct DataSpec {
  std::vector<std::string> train, valid, test;
  std::vector<std::string> target, valid_target, test_target;  // line n translates line n of those
  std::string task = "auto";
  ReaderSpec reader;
  TokenizerSpec tokenizer;
  ImageSpec image;
  NodeSpec nodes;
  int64_t max_length = 0;
  int64_t pad_to = 0;
  double valid_fraction = 0.1;
  int64_t split_seed = 0;
  void visit(Visitor& f);
};

/// What a data spec names, read and split, before it is encoded.
struct Parts {
  const Task* task = nullptr;
  Examples train, valid;
  Examples test;                   // empty when no test data is named
  std::string held_out;            // the sentence about what is held out, or ""
  std::vector<std::string> notes;  // of the readers
};

/// Reads everything that `spec` names. Without `valid` a part of the training data is held out: for
/// a classification valid_fraction of each label, for a language model the last part of the text.
/// InputError names what is wrong and where.
Parts read_parts(const DataSpec& spec);

struct Prepared {
  Encoding encoding;  // task, input, classes, longest input; saved with the run
  std::shared_ptr<const Dataset> train, valid;
  std::shared_ptr<const Dataset> test;  // nullptr when no test data is named
  std::vector<std::string> sentences;   // to print: what was read, held out, cut
};

/// What a run decides that training begins from; nothing where there is none.
struct Begun {
  std::shared_ptr<const Tokenizer> tokenizer;
  int64_t max_length = 0;  // where none is named, at most so long
  bool framed = false;
};

/// Reads (read_parts) and encodes everything that `spec` names.
Prepared prepare(const DataSpec& spec, torch::Device device, const Begun& begun = {});

/// Lines without targets, for a translation; "-" is standard input. An empty line has no tokens.
/// InputError with the place of a line longer than the run's longest.
std::shared_ptr<const Dataset> prepare_lines(const std::vector<std::string>& paths,
                                             const DataSpec& spec, const Encoding& encoding,
                                             torch::Device device);

/// `sentences` gets what was left out or guessed. A file is read as a table, whatever its name,
/// when `spec.train` is a table.
///
/// Data with labels for `eval`, read by `spec.reader`, with `noise` in its texts, encoded as the
/// training data was. For a translation from files, `targets` are those of their targets.
std::shared_ptr<const Dataset> prepare_evaluation(const std::vector<std::string>& paths,
                                                  const DataSpec& spec, const Encoding& encoding,
                                                  torch::Device device,
                                                  std::vector<std::string>* sentences = nullptr,
                                                  const std::vector<std::string>& targets = {},
                                                  const Noise& noise = {});

/// Data without labels for `predict`: files, tables, a directory, or "-" for the lines of standard
/// input.
std::shared_ptr<const Dataset> prepare_inputs(const std::vector<std::string>& paths,
                                              const DataSpec& spec, const Encoding& encoding,
                                              torch::Device device,
                                              std::vector<std::string>* sentences = nullptr);

}  // namespace regard::data
