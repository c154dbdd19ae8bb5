// WordPiece as BERT has it (Devlin et al. 2019): words after cleaning, each by the longest pieces
// of a vocabulary from its front, those behind the first marked "##".
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/bert_words.hpp"
#include "regard/data/readers/subwords.hpp"
#include "regard/data/readers/tokenizer_registry.hpp"

namespace regard::data::tokenizers {
namespace {

using nlohmann::json;

constexpr const char* kSpecials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr int64_t kLongestWord = 100;  // characters; a longer one is [UNK]

int64_t characters_in(std::string_view word) {
  int64_t count = 0;
  for (const auto byte : word) count += (static_cast<uint8_t>(byte) & 0xC0) != 0x80;
  return count;
}

class WordPiece final : public Tokenizer {
 public:
  WordPiece(std::vector<std::string> pieces, bool lower)
      : pieces_(std::move(pieces)), lower_(lower) {
    for (std::size_t i = 0; i < pieces_.size(); ++i) add(pieces_[i], static_cast<int32_t>(i));
    for (std::size_t i = 0; i < std::size(kSpecials); ++i) {
      const auto found = first_.find(kSpecials[i]);
      special_[i] = found == first_.end() ? -1 : found->second;
    }
    if (unknown() < 0) {
      throw InputError(
          "a vocabulary of WordPiece with the piece [UNK] was expected, and it has none");
    }
  }
  std::string name() const override { return "wordpiece"; }
  int64_t vocabulary() const override { return static_cast<int64_t>(pieces_.size()); }
  int32_t unknown() const override { return special(Special::kUnknown); }
  int32_t special(Special piece) const override {
    return special_[static_cast<std::size_t>(piece)];
  }
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    for_each_bert_word(text, lower_ ? Case::kFold : Case::kKeep,
                       [&](std::string_view word) { encode_word(word, ids); });
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const auto id : ids) {
      if (id < 0 || id >= vocabulary()) {
        throw InputError("token id " + std::to_string(id) + " lies outside the vocabulary of " +
                         std::to_string(vocabulary()));
      }
      std::string_view piece = pieces_[static_cast<std::size_t>(id)];
      const bool goes_on = piece.starts_with("##") && piece.size() > 2;
      if (goes_on && !text.empty()) piece.remove_prefix(2);
      if (!goes_on && !text.empty()) text += ' ';
      text += piece;
    }
    return text;
  }
  std::string to_json() const override {
    return json{{"name", name()}, {"pieces", pieces_}, {"lower", lower_}}.dump();
  }

 private:
  void add(std::string_view piece, int32_t id) {
    const bool fresh = first_.emplace(piece, id).second;
    if (piece.empty() || !fresh) {
      throw InputError("a vocabulary of WordPiece has different pieces, none empty, and piece " +
                       std::to_string(id + 1) + " is \"" + std::string(piece) + "\"");
    }
    if (piece.starts_with("##")) behind_.emplace(piece.substr(2), id);
  }
  void encode_word(std::string_view word, std::vector<int32_t>& ids) const {
    const auto begin = ids.size();
    const bool fits = characters_in(word) <= kLongestWord;
    for (auto rest = word; fits && !rest.empty();) {
      const auto& known = rest.size() == word.size() ? first_ : behind_;
      auto length = rest.size();
      auto found = known.find(rest);
      while (found == known.end() && length > 0) {
        do --length;
        while (length > 0 && (static_cast<uint8_t>(rest[length]) & 0xC0) == 0x80);
        if (length > 0) found = known.find(rest.substr(0, length));
      }
      if (length == 0) break;
      ids.push_back(found->second);
      rest.remove_prefix(length);
      if (rest.empty()) return;
    }
    ids.resize(begin);
    ids.push_back(unknown());
  }

  std::vector<std::string> pieces_;
  std::unordered_map<std::string_view, int32_t> first_, behind_;  // views of pieces_
  int32_t special_[std::size(kSpecials)];
  bool lower_;
};

std::vector<std::string> read_vocabulary(const std::string& path) {
  const auto text = read_file(path);
  std::vector<std::string> pieces;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    pieces.emplace_back(line);
    if (!is_utf8(line)) {
      throw InputError("line " + std::to_string(pieces.size()) + " is no UTF-8");
    }
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return pieces;
}

// Byte pairs of normalised words: "▁x" begins a word, and what does not is marked "##". Each
// character has both forms, so that no word of known characters is unknown.
std::vector<std::string> learn_vocabulary(const TokenizerSpec& spec, const SubwordTexts& words) {
  SubwordOptions options;
  options.vocabulary = std::max<int64_t>(spec.vocabulary, 2000);  // the first merges are the same
  const auto learned = subword_pieces(train_subwords(options, words));
  std::vector<std::string> characters, merged;
  for (const auto& piece : learned) {
    const bool begins = piece.starts_with(kSubwordBlank);
    const auto text = piece.substr(begins ? kSubwordBlank.size() : 0);
    if (text.empty()) continue;
    if (characters_in(text) > 1) merged.push_back(begins ? text : "##" + text);
    if (characters_in(text) == 1 && !begins) characters.push_back(text);
  }
  std::vector<std::string> pieces(std::begin(kSpecials), std::end(kSpecials));
  for (const auto& character : characters) pieces.push_back(character);
  for (const auto& character : characters) pieces.push_back("##" + character);
  if (static_cast<int64_t>(pieces.size()) > spec.vocabulary) {
    throw InputError("vocabulary of wordpiece: at least " + std::to_string(pieces.size()) +
                     " pieces were expected, two for each character of the text, and " +
                     std::to_string(spec.vocabulary) + " came");
  }
  for (const auto& piece : merged) {
    if (static_cast<int64_t>(pieces.size()) == spec.vocabulary) break;
    pieces.push_back(piece);
  }
  return pieces;
}

class WordPieceKind final : public TokenizerKind {
 public:
  std::shared_ptr<const Tokenizer> train(const TokenizerSpec& spec,
                                         std::span<const Examples* const> parts) const override {
    if (!spec.vocabulary_file.empty()) {
      try {
        return std::make_shared<WordPiece>(read_vocabulary(spec.vocabulary_file), spec.lower);
      } catch (const InputError& error) {
        throw InputError(spec.vocabulary_file + ": " + error.what());
      }
    }
    SubwordTexts words;
    std::string line;
    for_each_document(parts, [&](std::string_view text) {
      line.clear();
      for_each_bert_word(text, spec.lower ? Case::kFold : Case::kKeep, [&](std::string_view word) {
        line += word;
        line += ' ';
      });
      words.add(line);
    });
    return std::make_shared<WordPiece>(learn_vocabulary(spec, words), spec.lower);
  }
  std::shared_ptr<const Tokenizer> read(std::string_view text) const override {
    const auto object = json::parse(text);
    try {
      return std::make_shared<WordPiece>(object.at("pieces").get<std::vector<std::string>>(),
                                         object.at("lower").get<bool>());
    } catch (const InputError& error) {
      throw InputError(std::string("tokenizer: ") + error.what());
    }
  }
};

}  // namespace

std::unique_ptr<TokenizerKind> make_wordpiece() { return std::make_unique<WordPieceKind>(); }

}  // namespace regard::data::tokenizers
