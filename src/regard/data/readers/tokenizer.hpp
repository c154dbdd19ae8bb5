// Text to ids and back. Padding has no id: masks come from lengths alone.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "regard/base/spec.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

/// Pieces that no text is encoded to.
enum class Special { kPadding, kUnknown, kBegin, kEnd, kMask };

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::string name() const = 0;
  /// Ids are 0 .. vocabulary() - 1.
  virtual int64_t vocabulary() const = 0;
  /// The id of everything that has none of its own; -1 where everything has one.
  virtual int32_t unknown() const { return -1; }
  /// The id of a special piece; -1 where the tokenizer has none.
  virtual int32_t special(Special) const { return -1; }
  /// The ids that stand before and behind a text, where the vocabulary has some; else -1.
  virtual int32_t begin() const { return special(Special::kBegin); }
  virtual int32_t end() const { return special(Special::kEnd); }
  /// Appends the ids of `text`. InputError when the tokenizer needs UTF-8 and the text is none.
  virtual void encode(std::string_view text, std::vector<int32_t>& ids) const = 0;
  /// The text of `ids`. InputError for an id outside the vocabulary.
  virtual std::string decode(std::span<const int32_t> ids) const = 0;
  /// The text of one id, for tables and figures; "<other>" for the id that stands for every other.
  std::string label(int32_t id) const { return id == unknown() ? "<other>" : decode({&id, 1}); }
  /// One JSON object that `tokenizer_from_json` reads back.
  virtual std::string to_json() const = 0;
};

struct TokenizerSpec {
  std::string tokenizer = "auto";
  int64_t vocabulary = 20000;
  bool lower = true;
  std::string subwords = "bpe";
  std::string vocabulary_file;
  void visit(Visitor& f) {
    f("tokenizer", tokenizer,
      "byte, character (those of the training data), words (between blanks) or icu_words (by the "
      "word boundaries of Unicode), sentencepiece (subwords learned from the training data) or "
      "wordpiece (BERT's, learned, or of a file); auto: character for a language model, wordpiece "
      "for a masked one, sentencepiece for a translation (at most 8000 pieces), byte for "
      "directories, listops for its generator, icu_words otherwise",
      {"auto", "byte", "character", "words", "icu_words", "listops", "sentencepiece", "wordpiece"});
    f("vocabulary", vocabulary,
      "words, icu_words: how many of the most frequent words have an id of their own; "
      "sentencepiece, wordpiece: how many pieces there are at most, special ones among them");
    f("lower", lower,
      "words: A-Z are read as a-z; icu_words: capitals as small letters; wordpiece: the same, "
      "without accents");
    f("subwords", subwords, "sentencepiece: how its pieces are learned", {"bpe", "unigram"});
    f("vocabulary_file", vocabulary_file,
      "wordpiece: its vocabulary, a piece a line (empty: learned from the training data)");
  }
};

/// Makes the tokenizer `spec.tokenizer` (not auto) from the training documents. InputError names
/// the place of a document that it cannot read.
std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerSpec& spec,
                                                const Examples& training);
/// The same from several parts together, such as the two languages of a translation.
std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerSpec& spec,
                                                std::span<const Examples* const> parts);

/// InputError when the text is no JSON of a tokenizer.
std::shared_ptr<const Tokenizer> tokenizer_from_json(std::string_view json);

std::shared_ptr<const Tokenizer> byte_tokenizer();
/// `code_points` strictly increasing; the last id stands for every other code point.
std::shared_ptr<const Tokenizer> character_tokenizer(std::vector<int32_t> code_points);
/// Id 0 stands for every other word; `words` are ids 1, 2, ...
std::shared_ptr<const Tokenizer> word_tokenizer(std::vector<std::string> words, bool lower);
/// The same for the segments of word_boundaries.hpp, so that "film." is two tokens, and a text
/// without blanks several.
std::shared_ptr<const Tokenizer> icu_word_tokenizer(std::vector<std::string> words, bool lower);

/// Symbols of ListOps as ids 1 .. 15 in the order of generators/listops.hpp, whatever the training
/// data; 0 stands for any other word. Parentheses are left out, and "X" is read as "]", so files of
/// Long Range Arena are read as they are.
std::shared_ptr<const Tokenizer> listops_tokenizer();

/// Calls `each` with every maximal run of bytes other than blanks.
template <class F>
void for_each_word(std::string_view text, F&& each) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  while (true) {
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin);
    const auto end = text.find_first_of(kBlanks);
    each(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end);
  }
}

}  // namespace regard::data
