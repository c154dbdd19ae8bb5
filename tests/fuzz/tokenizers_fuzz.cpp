// Any bytes through the tokenizers of pieces and back; as a vocabulary file; as a model of
// SentencePiece.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz/reader_case.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/tokenizer.hpp"

using namespace regard::data;

namespace {

const char* kText =
    "The cat sat on the mat; the [MASK] dog's <s> caf\xC3\xA9, \xE4\xB8\xAD\xE6\x96\x87!\n";

std::shared_ptr<const Tokenizer> made(const std::string& name, const std::string& subwords) {
  ExamplesBuilder builder;
  parse_text(kText, "text", builder);
  TokenizerSpec spec;
  spec.tokenizer = name;
  spec.subwords = subwords;
  spec.vocabulary = 330;
  try {
    return make_tokenizer(spec, builder.finish());
  } catch (const regard::InputError&) {
    return nullptr;  // a build without SentencePiece
  }
}

void check_ids(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  for (const auto id : ids) {
    if (id < 0 || id >= tokenizer.vocabulary()) std::abort();
    for (const auto piece : {Special::kPadding, Special::kBegin, Special::kEnd, Special::kMask}) {
      if (id == tokenizer.special(piece)) std::abort();
    }
  }
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  auto seeds =
      std::vector<std::string>{kText, "[MASK][CLS] ##x <mask></s><0x41>",
                               "\xCE\xA3\xCE\x91\xCE\xA3 \xED\x95\x9C e\xCC\x81 \xF0\xAB\xA4\xA0",
                               "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n##s\n"};
  if (const auto tokenizer = made("sentencepiece", "bpe")) seeds.push_back(tokenizer->to_json());
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto bpe = made("sentencepiece", "bpe"), unigram = made("sentencepiece", "unigram"),
                    pieces = made("wordpiece", "bpe");
  for (const auto& tokenizer : {bpe, unigram, pieces}) {
    if (!tokenizer) continue;
    try_to_read(data, size, [&](std::string_view bytes) {
      std::vector<int32_t> ids;
      tokenizer->encode(bytes, ids);
      check_ids(*tokenizer, ids);
      const auto text = tokenizer->decode(ids);
      const bool exact =
          tokenizer != pieces && bytes.find("\xE2\x96\x81") == std::string_view::npos;
      if (exact && text != bytes) std::abort();
    });
  }
  try_to_read(data, size, [&](std::string_view bytes) { tokenizer_from_json(bytes); });
  // A vocabulary: lines as pieces.
  try_to_read(data, size, [&](std::string_view bytes) {
    if (!regard::is_utf8(bytes)) return;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at <= bytes.size();) {
      const auto end = std::min(bytes.find('\n', at), bytes.size());
      lines.emplace_back(bytes.substr(at, end - at));
      at = end + 1;
    }
    const nlohmann::json object = {{"name", "wordpiece"}, {"pieces", lines}, {"lower", true}};
    const auto tokenizer = tokenizer_from_json(object.dump());
    std::vector<int32_t> ids;
    tokenizer->encode(kText, ids);
    check_ids(*tokenizer, ids);
    tokenizer->decode(ids);
  });
  return 0;
}
