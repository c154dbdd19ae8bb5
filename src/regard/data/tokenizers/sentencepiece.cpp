// Subwords by SentencePiece: byte pairs or a unigram model, learned from the training texts.
//
// A line is encoded at a time and a line break is its byte, so text comes back as it was but for
// U+2581, which SentencePiece writes for a blank. Bytes stand for what has no piece of its own.
#include "regard/data/readers/tokenizer_registry.hpp"

#ifdef REGARD_SENTENCEPIECE
#include <sentencepiece_processor.h>

#include <array>
#include <nlohmann/json.hpp>

#include "regard/base/utf8.hpp"
#include "regard/data/readers/subwords.hpp"
#endif
#include "regard/base/error.hpp"

namespace regard::data::tokenizers {
namespace {

#ifdef REGARD_SENTENCEPIECE
using nlohmann::json;

constexpr int64_t kSpecialPieces = 5, kBytePieces = 256;

void check(const sentencepiece::util::Status& status, const char* what) {
  if (!status.ok()) {
    throw InputError(std::string("tokenizer: SentencePiece cannot ") + what + ": " +
                     status.message());
  }
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    text += kDigits[static_cast<uint8_t>(byte) >> 4];
    text += kDigits[static_cast<uint8_t>(byte) & 15];
  }
  return text;
}

std::string from_hex(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const auto high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) throw InputError("tokenizer: the model is no hexadecimal text");
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

class SentencePiece final : public Tokenizer {
 public:
  explicit SentencePiece(std::string model) : model_(std::move(model)) {
    check(processor_.LoadFromSerializedProto(model_), "read its model");
    bytes_.fill(-1);
    for (int id = 0; id < processor_.GetPieceSize(); ++id) pieces_.push_back(read_piece(id));
    for (const auto id : bytes_) {
      if (id < 0)
        throw InputError("tokenizer: a SentencePiece model with byte fallback was expected");
    }
  }
  std::string name() const override { return "sentencepiece"; }
  int64_t vocabulary() const override { return static_cast<int64_t>(pieces_.size()); }
  int32_t special(Special piece) const override {
    switch (piece) {
      case Special::kPadding:
        return processor_.pad_id();
      case Special::kUnknown:
        return processor_.unk_id();
      case Special::kBegin:
        return processor_.bos_id();
      case Special::kEnd:
        return processor_.eos_id();
      case Special::kMask:
        break;
    }
    const auto id = processor_.PieceToId("<mask>");
    return processor_.IsControl(id) ? id : -1;
  }
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    check_utf8(text);
    std::vector<int> line_ids;
    while (true) {
      const auto end = text.find('\n');
      check(processor_.Encode(text.substr(0, end), &line_ids), "encode a text");
      ids.insert(ids.end(), line_ids.begin(), line_ids.end());
      if (end == std::string_view::npos) return;
      ids.push_back(bytes_['\n']);
      text.remove_prefix(end + 1);
    }
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    bool begins = true;  // of a line: SentencePiece put a blank there
    for (const auto id : ids) {
      if (id < 0 || id >= vocabulary()) {
        throw InputError("token id " + std::to_string(id) + " lies outside the vocabulary of " +
                         std::to_string(vocabulary()));
      }
      const auto& piece = pieces_[static_cast<std::size_t>(id)];
      text += std::string_view(piece).substr(begins && piece.starts_with(' ') ? 1 : 0);
      if (!piece.empty()) begins = id == bytes_['\n'];
    }
    return text;
  }
  std::string to_json() const override {
    return json{{"name", name()}, {"model", to_hex(model_)}}.dump();
  }

 private:
  // The text that a piece stands for; special ones stand for none.
  std::string read_piece(int id) {
    const auto& piece = processor_.IdToPiece(id);
    if (processor_.IsByte(id)) {
      const auto byte = static_cast<uint8_t>(from_hex(lower_digits(piece)).at(0));
      bytes_[byte] = id;
      return std::string(1, static_cast<char>(byte));
    }
    if (processor_.IsControl(id)) return "";
    if (processor_.IsUnknown(id)) return "\xEF\xBF\xBD";
    std::string text;
    for (std::string_view rest = piece; !rest.empty();) {
      const bool blank = rest.starts_with(kSubwordBlank);
      text += blank ? ' ' : rest.front();
      rest.remove_prefix(blank ? kSubwordBlank.size() : 1);
    }
    return text;
  }
  // "0a" of the piece <0x0A>.
  static std::string lower_digits(std::string_view piece) {
    if (piece.size() != 6) throw InputError("tokenizer: the model has a byte that is none");
    std::string digits(piece.substr(3, 2));
    for (auto& c : digits) {
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return digits;
  }

  std::string model_;
  sentencepiece::SentencePieceProcessor processor_;
  std::vector<std::string> pieces_;
  std::array<int32_t, 256> bytes_{};
};

class SentencePieceKind final : public TokenizerKind {
 public:
  std::shared_ptr<const Tokenizer> train(const TokenizerSpec& spec,
                                         std::span<const Examples* const> parts) const override {
    constexpr int64_t kLeast = kSpecialPieces + kBytePieces + 1, kMost = 1'000'000;
    if (spec.vocabulary < kLeast || spec.vocabulary > kMost) {
      throw InputError("vocabulary of sentencepiece counts pieces, from " + std::to_string(kLeast) +
                       " (256 bytes, 5 special pieces) to " + std::to_string(kMost) + ", and " +
                       std::to_string(spec.vocabulary) + " came");
    }
    SubwordTexts texts;
    for_each_document(parts, [&](std::string_view text) { texts.add(text); });
    return std::make_shared<SentencePiece>(
        train_subwords({spec.subwords, spec.vocabulary, /*whole_tokenizer=*/true}, texts));
  }
  std::shared_ptr<const Tokenizer> read(std::string_view text) const override {
    return std::make_shared<SentencePiece>(
        from_hex(json::parse(text).at("model").get<std::string>()));
  }
};
#else
class SentencePieceKind final : public TokenizerKind {
 public:
  std::shared_ptr<const Tokenizer> train(const TokenizerSpec&,
                                         std::span<const Examples* const>) const override {
    refuse();
  }
  std::shared_ptr<const Tokenizer> read(std::string_view) const override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    throw InputError(
        "tokenizer: sentencepiece was asked for, and this build has no SentencePiece; mend: "
        "apt-get install libsentencepiece-dev, then build again");
  }
};
#endif

}  // namespace

std::unique_ptr<TokenizerKind> make_sentencepiece() {
  return std::make_unique<SentencePieceKind>();
}

}  // namespace regard::data::tokenizers
