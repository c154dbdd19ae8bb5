#include "regard/docgraph/sentences.hpp"

#include <unicode/brkiter.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>
#include <memory>

#include "regard/base/error.hpp"
#include "regard/base/utf8.hpp"
#include "regard/docgraph/abbreviations.hpp"

namespace regard::docgraph {
namespace {

void demand(UErrorCode status) {
  if (U_SUCCESS(status)) return;
  throw RunError(std::string("ICU: sentence boundaries: ") + u_errorName(status));
}

// Making one reads its rules; each thread has its own.
icu::BreakIterator& boundaries(Language language) {
  thread_local std::array<std::unique_ptr<icu::BreakIterator>, 2> made;
  auto& one = made[language == Language::kGerman ? 1 : 0];
  if (!one) {
    UErrorCode status = U_ZERO_ERROR;
    const auto locale = language == Language::kGerman ? icu::Locale("de") : icu::Locale("en");
    one.reset(icu::BreakIterator::createSentenceInstance(locale, status));
    demand(status);
  }
  return *one;
}

bool is_line_end(char16_t c) { return c == u'\n' || c == u'\r' || c == 0x2028 || c == 0x85; }

/// Paragraphs of the text with one blank for each run of blanks in them.
std::vector<icu::UnicodeString> paragraphs_of(const icu::UnicodeString& text) {
  std::vector<icu::UnicodeString> all(1);
  int line_ends = 0;
  bool blank = false;
  for (int32_t i = 0; i < text.length(); ++i) {
    const auto c = text.charAt(i);
    if (is_line_end(c)) {
      const bool pair = c == u'\r' && i + 1 < text.length() && text.charAt(i + 1) == u'\n';
      if (!pair) ++line_ends;
      blank = true;
    } else if (c == 0x2029) {  // paragraph separator
      line_ends = 2;
      blank = true;
    } else if (u_isUWhiteSpace(c) != 0 || u_isISOControl(c) != 0) {
      blank = true;
    } else {
      if (line_ends >= 2 && !all.back().isEmpty()) {
        all.emplace_back();
      } else if (blank && !all.back().isEmpty()) {
        all.back().append(u' ');
      }
      all.back().append(c);
      line_ends = 0;
      blank = false;
    }
  }
  if (all.back().isEmpty()) all.pop_back();
  return all;
}

std::string utf8_of(const icu::UnicodeString& text, int32_t begin, int32_t end) {
  std::string out;
  icu::UnicodeString piece(text, begin, end - begin);
  piece.trim().toUTF8String(out);
  return out;
}

std::vector<std::string> pieces_of(const icu::UnicodeString& paragraph, Language language) {
  auto& iterator = boundaries(language);
  iterator.setText(paragraph);
  std::vector<std::string> pieces;
  int32_t begin = iterator.first();
  for (auto end = iterator.next(); end != icu::BreakIterator::DONE; end = iterator.next()) {
    auto piece = utf8_of(paragraph, begin, end);
    if (!piece.empty()) pieces.push_back(std::move(piece));
    begin = end;
  }
  return pieces;
}

enum class Join { kNo, kYes };

std::vector<std::string> split(std::string_view text, Language language, Join join) {
  check_utf8(text);
  const auto wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
  std::vector<std::string> sentences;
  for (const auto& paragraph : paragraphs_of(wide)) {
    bool open = false;  // the last sentence goes on
    for (auto& piece : pieces_of(paragraph, language)) {
      if (open && join == Join::kYes && goes_on(sentences.back(), piece, language)) {
        sentences.back() += " " + piece;
      } else {
        sentences.push_back(std::move(piece));
      }
      open = true;
    }
  }
  return sentences;
}

}  // namespace

Language language_of(std::string_view name) {
  if (name == "en") return Language::kEnglish;
  if (name == "de") return Language::kGerman;
  throw InputError("--language: en or de was expected, and \"" + std::string(name) + "\" came");
}

std::vector<std::string> sentences_of(std::string_view text, Language language) {
  return split(text, language, Join::kYes);
}

std::vector<std::string> plain_sentences_of(std::string_view text, Language language) {
  return split(text, language, Join::kNo);
}

}  // namespace regard::docgraph
