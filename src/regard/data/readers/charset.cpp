#include "regard/data/readers/charset.hpp"

#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"

namespace regard::data {
namespace {

using namespace std::string_view_literals;

using Converter = std::unique_ptr<UConverter, decltype(&ucnv_close)>;

Converter open_converter(const std::string& encoding) {
  UErrorCode status = U_ZERO_ERROR;
  return {encoding.empty() ? nullptr : ucnv_open(encoding.c_str(), &status), &ucnv_close};
}

std::vector<std::string> known_encodings() {
  std::vector<std::string> names = {"auto", "latin-1"};
  for (int32_t i = 0; i < ucnv_countAvailable(); ++i) {
    const char* name = ucnv_getAvailableName(i);
    names.emplace_back(name);
    UErrorCode status = U_ZERO_ERROR;
    const auto count = ucnv_countAliases(name, &status);
    for (uint16_t a = 0; U_SUCCESS(status) && a < count; ++a) {
      if (const char* alias = ucnv_getAlias(name, a, &status)) names.emplace_back(alias);
    }
  }
  return names;
}

[[noreturn]] void refuse_name(const std::string& encoding) {
  const auto near = nearest(encoding, known_encodings());
  throw InputError("encoding = \"" + encoding + "\": an encoding that ICU knows was expected" +
                   (near.empty() ? ", such as utf-8, utf-16, latin-1 or windows-1252"
                                 : "; did you mean \"" + near + "\"?"));
}

struct Conversion {
  std::string text;
  std::size_t good = 0;  // bytes of the input before the first that could not be read
  bool complete = false;
};

Conversion convert(std::string_view content, UConverter* from) {
  Conversion result;
  UErrorCode status = U_ZERO_ERROR;
  const Converter to = open_converter("UTF-8");
  ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  std::vector<UChar> pivot(1 << 14);
  UChar *read = pivot.data(), *written = pivot.data();
  const char *source = content.data(), *end = source + content.size();
  bool first = true;
  result.text.resize(content.size() / 2 + 64);
  std::size_t used = 0;
  while (true) {
    char* target = result.text.data() + used;
    ucnv_convertEx(to.get(), from, &target, result.text.data() + result.text.size(), &source, end,
                   pivot.data(), &read, &written, pivot.data() + pivot.size(), first, true,
                   &status);
    first = false;
    used = static_cast<std::size_t>(target - result.text.data());
    if (status != U_BUFFER_OVERFLOW_ERROR) break;
    status = U_ZERO_ERROR;
    result.text.resize(result.text.size() * 2);
  }
  result.text.resize(used);
  result.complete = U_SUCCESS(status);
  std::array<char, 32> odd{};
  auto length = static_cast<int8_t>(odd.size());
  UErrorCode ignored = U_ZERO_ERROR;
  ucnv_getInvalidChars(from, odd.data(), &length, &ignored);
  result.good = static_cast<std::size_t>(source - content.data()) -
                (result.complete || U_FAILURE(ignored) ? 0 : static_cast<std::size_t>(length));
  return result;
}

std::string at_line_of(const std::string& name, std::string_view before) {
  const char end = before.find('\n') == std::string_view::npos ? '\r' : '\n';
  return name + ": line " + std::to_string(1 + std::count(before.begin(), before.end(), end));
}

std::string hexadecimal(char byte) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02X", static_cast<unsigned>(static_cast<uint8_t>(byte)));
  return text;
}

Decoded converted(std::string_view content, const std::string& name, const std::string& encoding) {
  const auto from = open_converter(encoding);
  if (!from) refuse_name(encoding);
  auto result = convert(content, from.get());
  if (!result.complete) {
    // What was written lags behind what was read.
    const auto before = convert(content.substr(0, result.good), from.get()).text;
    throw InputError(at_line_of(name, before) + ": the bytes from byte " +
                     std::to_string(result.good + 1) + " of the file on are no " + encoding);
  }
  // A converter of one byte order passes the mark on.
  if (result.text.starts_with("\xEF\xBB\xBF")) result.text.erase(0, 3);
  return {std::move(result.text), encoding};
}

/// What ICU takes the bytes around `at` for, if it can be converted; "" when nothing fits.
std::string guess(std::string_view content, std::size_t at) {
  constexpr std::size_t kWindow = 8000;  // what ICU's detector looks at
  const auto window =
      content.substr((at > kWindow / 2 ? at - kWindow / 2 : 0) & ~std::size_t{3}, kWindow);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UCharsetDetector, decltype(&ucsdet_close)> detector(ucsdet_open(&status),
                                                                            &ucsdet_close);
  ucsdet_setText(detector.get(), window.data(), static_cast<int32_t>(window.size()), &status);
  int32_t count = 0;
  const auto** matches = ucsdet_detectAll(detector.get(), &count, &status);
  for (int32_t i = 0; U_SUCCESS(status) && i < count; ++i) {
    const char* encoding = ucsdet_getName(matches[i], &status);
    if (U_FAILURE(status) || encoding == "UTF-8"sv) continue;
    const auto from = open_converter(encoding);
    if (!from) continue;
    // The window may cut the last character.
    const auto trial = convert(window, from.get());
    if (trial.complete || trial.good + 4 > window.size()) return encoding;
  }
  return "";
}

/// The encoding that a byte order mark names, or "".
std::string marked_encoding(std::string_view content) {
  // UTF-32 first: its mark begins as that of UTF-16.
  if (content.starts_with("\xFF\xFE\0\0"sv)) return "UTF-32LE";
  if (content.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32BE";
  if (content.starts_with("\xFF\xFE"sv)) return "UTF-16LE";
  if (content.starts_with("\xFE\xFF"sv)) return "UTF-16BE";
  return "";
}

void check_unmarked(std::string_view content, const std::string& name) {
  if (const auto wide = utf16_without_mark(content); !wide.empty()) {
    throw InputError(name + ": the text looks like " + wide +
                     " without a byte order mark (--encoding " + wide + " reads it so)");
  }
  auto rest = content;
  skip_utf8(rest);
  if (rest.empty()) return;
  const auto at = content.size() - rest.size();
  const auto best = guess(content, at);
  throw InputError(
      at_line_of(name, content.substr(0, at)) + ": the byte " + hexadecimal(rest[0]) +
      " is no UTF-8; " +
      (best.empty() ? "--encoding says what the text is"
                    : "ICU takes the text for " + best + " (--encoding " + best + " reads it so)") +
      ", and the tokenizer byte takes any bytes");
}

bool is_utf16(const std::string& encoding) {
  return ucnv_compareNames(encoding.c_str(), "UTF-16") == 0;
}

}  // namespace

std::string utf16_without_mark(std::string_view content) {
  const auto head = content.substr(0, 4096 & ~std::size_t{1});
  std::array<std::size_t, 2> zeros{};
  for (std::size_t i = 0; i < head.size(); ++i) zeros[i % 2] += head[i] == '\0';
  // Latin letters leave nearly every second byte 0, and the others hardly ever.
  if (zeros[1] * 4 > head.size() && zeros[0] * 16 < zeros[1]) return "UTF-16LE";
  if (zeros[0] * 4 > head.size() && zeros[1] * 16 < zeros[0]) return "UTF-16BE";
  return "";
}

Decoded decode(std::string content, const std::string& name, const Charset& charset) {
  const auto marked = marked_encoding(content);
  if (charset.encoding == "auto") {
    if (!marked.empty()) {
      auto decoded = converted(content, name, marked);
      decoded.guessed = true;
      return decoded;
    }
    if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);
    if (charset.unmarked == Unmarked::kUtf8) check_unmarked(content, name);
    return {std::move(content), ""};
  }
  if (is_utf16(charset.encoding) && marked.empty()) {
    auto order = utf16_without_mark(content);
    auto decoded = converted(content, name, order.empty() ? "UTF-16LE" : order);
    decoded.guessed = true;
    return decoded;
  }
  return converted(content, name, charset.encoding);
}

std::string decoded_sentence(const Decoded& decoded, const std::string& name) {
  if (!decoded.guessed) return "";
  return name + ": the text is read as " + decoded.from + ", as its first bytes say";
}

}  // namespace regard::data
