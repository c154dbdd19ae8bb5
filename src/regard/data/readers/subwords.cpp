#include "regard/data/readers/subwords.hpp"

#ifdef REGARD_SENTENCEPIECE
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <unordered_map>
#endif

#include "regard/base/error.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

constexpr std::size_t kLongestLine = 4000;                // SentencePiece leaves out longer ones
constexpr std::size_t kMostBytes = std::size_t{1} << 24;  // learning takes half a minute

}  // namespace

void SubwordTexts::add(std::string_view text) {
  check_utf8(text);
  constexpr std::string_view kEnds("\n\r\t\0", 4);
  while (!text.empty()) {
    const auto end = text.find_first_of(kEnds);
    add_line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

void SubwordTexts::add_line(std::string_view line) {
  const auto keep = [&](std::string_view part) {
    if (part.find_first_not_of(' ') == std::string_view::npos) return;
    lines_.emplace_back(part);
    bytes_ += part.size();
  };
  while (line.size() > kLongestLine) {
    auto cut = line.rfind(' ', kLongestLine);
    if (cut == std::string_view::npos || cut == 0) {
      cut = kLongestLine;
      while ((static_cast<uint8_t>(line[cut]) & 0xC0) == 0x80) --cut;
    }
    keep(line.substr(0, cut));
    line.remove_prefix(cut);
  }
  keep(line);
}

std::vector<std::string_view> SubwordTexts::some(std::size_t bytes) const {
  const auto every = bytes_ / bytes + 1;
  std::vector<std::string_view> lines;
  for (std::size_t i = 0; i < lines_.size(); i += every) lines.emplace_back(lines_[i]);
  return lines;
}

#ifdef REGARD_SENTENCEPIECE
bool learns_subwords() { return true; }

namespace {

void check(const sentencepiece::util::Status& status, const char* what) {
  if (!status.ok()) {
    throw InputError(std::string("tokenizer: SentencePiece cannot ") + what + ": " +
                     status.message());
  }
}

class Sentences final : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(std::vector<std::string_view> lines) : lines_(std::move(lines)) { read(); }
  bool done() const override { return next_ >= lines_.size(); }
  void Next() override {
    ++next_;
    read();
  }
  const std::string& value() const override { return value_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  void read() {
    if (!done()) value_ = lines_[next_];
  }
  std::vector<std::string_view> lines_;
  std::size_t next_ = 0;
  std::string value_;
};

}  // namespace

std::string train_subwords(const SubwordOptions& options, const SubwordTexts& texts) {
  if (texts.empty()) throw InputError("tokenizer: text to learn from was expected, and none came");
  std::unordered_map<std::string, std::string> settings = {
      {"model_type", options.kind},
      {"vocab_size", std::to_string(options.vocabulary)},
      {"hard_vocab_limit", "false"},
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"num_threads", "1"},
      {"minloglevel", "2"}};
  if (options.whole_tokenizer) {
    settings.insert({{"byte_fallback", "true"},
                     {"pad_id", "0"},
                     {"unk_id", "1"},
                     {"bos_id", "2"},
                     {"eos_id", "3"},
                     {"control_symbols", "<mask>"}});
  }
  Sentences sentences(texts.some(kMostBytes));
  std::string model;
  check(sentencepiece::SentencePieceTrainer::Train(settings, &sentences, &model),
        "learn from this text");
  return model;
}

std::vector<std::string> subword_pieces(const std::string& model) {
  sentencepiece::SentencePieceProcessor processor;
  check(processor.LoadFromSerializedProto(model), "read its model");
  std::vector<std::string> pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    const bool other = processor.IsControl(id) || processor.IsUnknown(id) || processor.IsByte(id);
    if (!other) pieces.push_back(processor.IdToPiece(id));
  }
  return pieces;
}
#else
bool learns_subwords() { return false; }

namespace {
[[noreturn]] void refuse() {
  throw InputError(
      "tokenizer: subwords are learned by SentencePiece, and this build has none; mend: "
      "apt-get install libsentencepiece-dev, then build again");
}
}  // namespace

std::string train_subwords(const SubwordOptions&, const SubwordTexts&) { refuse(); }
std::vector<std::string> subword_pieces(const std::string&) { refuse(); }
#endif

}  // namespace regard::data
