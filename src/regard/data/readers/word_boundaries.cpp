#include "regard/data/readers/word_boundaries.hpp"

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <memory>
#include <string>

#include "regard/base/error.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

void demand(UErrorCode status, const char* what) {
  if (U_SUCCESS(status)) return;
  throw RunError(std::string("ICU: ") + what + ": " + u_errorName(status));
}

// Making one reads rules and dictionaries; each thread has its own.
icu::BreakIterator& boundaries() {
  thread_local const auto made = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> iterator(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    demand(status, "word boundaries");
    return iterator;
  }();
  return *made;
}

const icu::Normalizer2& normaliser(Case letters) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* one = letters == Case::kFold ? icu::Normalizer2::getNFKCCasefoldInstance(status)
                                           : icu::Normalizer2::getNFCInstance(status);
  demand(status, "normalisation");
  return *one;
}

icu::UnicodeString normalised(std::string_view text, Case letters) {
  check_utf8(text);
  const auto wide = icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
  UErrorCode status = U_ZERO_ERROR;
  auto plain = normaliser(letters).normalize(wide, status);
  demand(status, "normalisation");
  return plain;
}

}  // namespace

void for_each_segment(std::string_view text, Case letters,
                      const std::function<void(std::string_view, Segment)>& each) {
  const auto plain = normalised(text, letters);
  auto& iterator = boundaries();
  iterator.setText(plain);
  std::string segment;
  int32_t begin = iterator.first();
  for (auto end = iterator.next(); end != icu::BreakIterator::DONE; end = iterator.next()) {
    const auto first = plain.char32At(begin);
    if (u_isUWhiteSpace(first) == 0 && u_isISOControl(first) == 0) {
      segment.clear();
      plain.tempSubStringBetween(begin, end).toUTF8String(segment);
      each(segment,
           iterator.getRuleStatus() < UBRK_WORD_NONE_LIMIT ? Segment::kMark : Segment::kWord);
    }
    begin = end;
  }
}

}  // namespace regard::data
