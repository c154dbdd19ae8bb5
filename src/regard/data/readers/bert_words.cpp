#include "regard/data/readers/bert_words.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <string>

#include "regard/base/error.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

bool is_left_out(UChar32 c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  const auto type = u_charType(c);
  return c == 0 || c == 0xFFFD || type == U_CONTROL_CHAR || type == U_FORMAT_CHAR ||
         type == U_PRIVATE_USE_CHAR;
}

// The blocks that BERT lists. The published code begins the last but two at 2B920, not at 2B820.
bool is_ideograph(UChar32 c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_ascii_punctuation(UChar32 c) {
  return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
         (c >= 123 && c <= 126);
}

bool is_punctuation(UChar32 c) { return is_ascii_punctuation(c) || u_ispunct(c) != 0; }

// Collects one word; a mark is a word of its own.
class Words {
 public:
  explicit Words(const std::function<void(std::string_view)>& each) : each_(each) {}
  void add(UChar32 c) {
    if (u_isUWhiteSpace(c)) return end();
    const bool mark = is_punctuation(c);
    if (mark) end();
    append_utf8(word_, c);
    if (mark) end();
  }
  void end() {
    if (!word_.empty()) each_(word_);
    word_.clear();
  }

 private:
  const std::function<void(std::string_view)>& each_;
  std::string word_;
};

void read_ascii(std::string_view text, Case letters, Words& words) {
  for (const char c : text) {
    if (is_left_out(c)) continue;
    const bool capital = letters == Case::kFold && c >= 'A' && c <= 'Z';
    words.add(capital ? c - 'A' + 'a' : c);
  }
}

icu::UnicodeString cleaned(std::string_view text) {
  icu::UnicodeString plain;
  while (!text.empty()) {
    const auto c = take_code_point(text);
    if (is_left_out(c)) continue;
    const bool apart = is_ideograph(c);
    if (apart) plain.append(u' ');
    plain.append(u_isUWhiteSpace(c) ? UChar32{' '} : UChar32{c});
    if (apart) plain.append(u' ');
  }
  return plain;
}

icu::UnicodeString decomposed(const icu::UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* nfd = icu::Normalizer2::getNFDInstance(status);
  auto apart = U_SUCCESS(status) ? nfd->normalize(text, status) : icu::UnicodeString();
  if (U_FAILURE(status)) throw RunError(std::string("ICU: NFD: ") + u_errorName(status));
  return apart;
}

}  // namespace

void for_each_bert_word(std::string_view text, Case letters,
                        const std::function<void(std::string_view)>& each) {
  Words words(each);
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
  if (ascii) {
    read_ascii(text, letters, words);
    return words.end();
  }
  check_utf8(text);
  const bool fold = letters == Case::kFold;
  auto plain = cleaned(text);
  if (fold) plain = decomposed(plain);
  for (int32_t i = 0; i < plain.length(); i = plain.moveIndex32(i, 1)) {
    const auto c = plain.char32At(i);
    if (fold && u_charType(c) == U_NON_SPACING_MARK) continue;
    words.add(fold ? u_tolower(c) : c);
  }
  words.end();
}

}  // namespace regard::data
