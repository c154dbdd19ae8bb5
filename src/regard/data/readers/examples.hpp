// What every reader gives: examples with labels, and where each one came from.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regard::data {

/// Byte strings of any length, packed one behind the other.
class Documents {
 public:
  int64_t size() const { return static_cast<int64_t>(ends_.size()); }
  int64_t bytes() const { return static_cast<int64_t>(bytes_.size()); }
  std::string_view operator[](int64_t i) const {
    const auto begin = i == 0 ? std::size_t{0} : ends_[static_cast<std::size_t>(i - 1)];
    return std::string_view(bytes_).substr(begin, ends_[static_cast<std::size_t>(i)] - begin);
  }
  void add(std::string_view document) {
    bytes_.append(document);
    ends_.push_back(bytes_.size());
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

struct ImageShape {
  int64_t height = 0, width = 0, channels = 0;
  int64_t size() const { return height * width * channels; }
  bool operator==(const ImageShape&) const = default;
};

/// Row of a file, counted from 1; 0 stands for the whole file.
struct Origin {
  int32_t file = 0;
  int64_t row = 0;
};

/// Where each example came from.
struct Places {
  std::vector<std::string> files;
  std::vector<Origin> origins;  // (N)
  std::string unit = "line";    // what a row of the file is called

  int64_t size() const { return static_cast<int64_t>(origins.size()); }
  std::string place(int64_t i) const;  // "reviews.tsv: line 7"
};

/// N examples: documents of any length, or images of one shape.
struct Examples : Places {
  enum class Form { kDocuments, kImages };
  Form form = Form::kDocuments;
  Documents documents;
  bool pairs = false;             // each document is two texts with a tab between them
  std::vector<std::size_t> cuts;  // (N) where that tab is; empty: the only tab of the document
  std::vector<uint8_t> images;    // (N, height, width, channels)
  ImageShape shape;
  std::vector<int32_t> labels;  // (N) indices of label_names; empty: no labels
  bool sentences = false;       // each document is tokens without blanks, a line break between two
  // Likewise, of the tokens of one sentence behind the other; -1: this token has none.
  std::vector<int32_t> token_labels;
  std::vector<int32_t>
      planted;  // as token_labels: the place in its sentence that a token should meet
  std::vector<std::string> label_names;  // sorted; those that occur
  std::vector<std::string> notes;        // sentences that the user should see

  bool labelled() const { return !labels.empty() || !token_labels.empty(); }
  /// The two texts of pair i; InputError when a document without a cut does not hold exactly one tab.
  std::array<std::string_view, 2> texts(int64_t i) const;
};

/// Renumbers the labels by `names` (those of the training data); InputError with the place of a label that is not
/// among them.
void map_labels(Examples& examples, const std::vector<std::string>& names);

/// The two texts of a pair; InputError when the document does not hold exactly one tab.
std::array<std::string_view, 2> texts_of_pair(std::string_view document);

/// The examples `rows`, in that order, with all label names.
Examples subset(const Examples& examples, std::span<const int64_t> rows);

/// Sentences of more than `longest` tokens in pieces of at most so many, so that each token has a prediction. A piece
/// that its sentence goes on behind ends with a line break.
Examples cut_sentences(const Examples& examples, int64_t longest);

/// What becomes of documents that hold nothing but blanks. kAuto leaves them out, and refuses a pair with one empty text;
/// kLeaveOut leaves out such a pair, too; kRefuse stops at the first.
enum class Empty { kAuto, kLeaveOut, kRefuse };

/// Collects examples of one or several files.
class ExamplesBuilder {
 public:
  explicit ExamplesBuilder(Empty empty = Empty::kAuto) : empty_(empty) {}
  void begin_file(const std::string& name);
  void set_unit(const std::string& unit) { examples_.unit = unit; }
  void note(const std::string& sentence) { examples_.notes.push_back(sentence); }
  /// False when the document holds nothing but blanks and is left out; `finish` counts these. InputError where they are refused.
  bool add_document(std::string_view document, int64_t row);
  /// Two texts with one label. False and InputError as in add_document.
  bool add_pair(std::string_view first, std::string_view second, int64_t row);
  /// Tokens without blanks, each followed by its label in `labels`, which is empty where there are
  /// none; a label may be "".
  void add_sentence(std::span<const std::string> tokens, std::span<const std::string> labels,
                    int64_t row);
  /// Of the sentence added last: the place that each token should meet, -1: none.
  void add_planted(std::span<const int32_t> places);
  /// Pixels (height, width, channels); InputError when the shape differs from the one before.
  void add_image(std::span<const uint8_t> pixels, const ImageShape& shape, int64_t row);
  void reserve_images(int64_t count, const ImageShape& shape);
  /// The label of the example added last; InputError when it is empty or no UTF-8.
  void add_label(std::string_view label);
  int64_t size() const { return examples_.size(); }
  /// Sorts the label names (as numbers where all are whole numbers), and notes what was left out. InputError when there is no
  /// example, or when only some have labels.
  Examples finish();

 private:
  std::string place(int64_t row) const;
  bool leave_out(int64_t row, const char* what);
  std::string left_out() const;
  int32_t label_id(std::string_view label);

  Empty empty_;
  int64_t left_out_ = 0;
  std::vector<std::string> first_left_out_;
  Examples examples_;
  std::map<std::string, int32_t, std::less<>> label_ids_;
};

}  // namespace regard::data
