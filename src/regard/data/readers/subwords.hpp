// Pieces of words that SentencePiece learns from texts: byte pairs, or a unigram model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regard::data {

/// What SentencePiece writes for a blank, U+2581. A piece that begins a word begins with it.
inline constexpr std::string_view kSubwordBlank = "\xE2\x96\x81";

/// Lines to learn from: those of all texts, cut at 4,000 bytes at most.
class SubwordTexts {
 public:
  /// InputError where the text is no UTF-8.
  void add(std::string_view text);
  bool empty() const { return lines_.empty(); }
  /// All lines, or every n-th where all are more than `bytes` together.
  std::vector<std::string_view> some(std::size_t bytes) const;

 private:
  void add_line(std::string_view line);

  std::vector<std::string> lines_;
  std::size_t bytes_ = 0;
};

/// Whether this build has SentencePiece.
bool learns_subwords();

struct SubwordOptions {
  std::string kind = "bpe";  // bpe | unigram
  int64_t vocabulary = 8000;
  /// Pads, unknown, begin, end and <mask> as ids 0 .. 4, and a piece for each byte.
  bool whole_tokenizer = false;
};

/// SentencePiece's model as bytes. It names no path, and the same texts give the same bytes.
/// InputError where the texts do not do, or where the build has no SentencePiece.
std::string train_subwords(const SubwordOptions& options, const SubwordTexts& texts);

/// The learned pieces of a model in their order, those that stand for characters of the text.
std::vector<std::string> subword_pieces(const std::string& model);

}  // namespace regard::data
