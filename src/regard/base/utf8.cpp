#include "regard/base/utf8.hpp"

#include <cstdio>
#include <cstring>

#include "regard/base/error.hpp"

namespace regard {
namespace {

struct Lead {
  int length;
  int32_t bits, smallest;
};

Lead lead_of(uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte < 0xE0) return {2, byte & 0x1F, 0x80};
  if (byte >= 0xE0 && byte < 0xF0) return {3, byte & 0x0F, 0x800};
  if (byte >= 0xF0 && byte < 0xF5) return {4, byte & 0x07, 0x10000};
  return {0, 0, 0};
}

}  // namespace

int32_t take_code_point(std::string_view& text) {
  if (text.empty()) return -1;
  const auto lead = lead_of(static_cast<uint8_t>(text[0]));
  if (lead.length == 0 || text.size() < static_cast<std::size_t>(lead.length)) return -1;
  int32_t code = lead.bits;
  for (int i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<uint8_t>(text[static_cast<std::size_t>(i)]);
    if ((byte & 0xC0) != 0x80) return -1;
    code = code << 6 | (byte & 0x3F);
  }
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (code < lead.smallest || code > 0x10FFFF || surrogate) return -1;
  text.remove_prefix(static_cast<std::size_t>(lead.length));
  return code;
}

void append_utf8(std::string& text, int32_t code) {
  const auto put = [&](int32_t byte) { text += static_cast<char>(static_cast<uint8_t>(byte)); };
  if (code < 0x80) {
    put(code);
    return;
  }
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

bool is_utf8_prefix(std::string_view text) {
  while (!text.empty()) {
    if (take_code_point(text) >= 0) continue;
    // The end may cut one sequence: up to three bytes, all but the first of them continuations.
    if (text.size() > 3 ||
        lead_of(static_cast<uint8_t>(text[0])).length <= static_cast<int>(text.size())) {
      return false;
    }
    for (std::size_t i = 1; i < text.size(); ++i) {
      if ((static_cast<uint8_t>(text[i]) & 0xC0) != 0x80) return false;
    }
    return true;
  }
  return true;
}

void skip_utf8(std::string_view& text) {
  while (!text.empty()) {
    // Eight bytes of ASCII at a time.
    for (uint64_t word; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
      std::memcpy(&word, text.data(), sizeof word);
      if ((word & 0x8080808080808080u) != 0) break;
    }
    if (!text.empty() && take_code_point(text) < 0) return;
  }
}

bool is_utf8(std::string_view text) {
  skip_utf8(text);
  return text.empty();
}

std::string readable(std::string_view text) {
  std::string result;
  while (true) {
    const auto before = text;
    skip_utf8(text);
    result.append(before.substr(0, before.size() - text.size()));
    if (text.empty()) return result;
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02X",
                  static_cast<unsigned>(static_cast<uint8_t>(text[0])));
    result += code;
    text.remove_prefix(1);
  }
}

void check_utf8(std::string_view text) {
  const auto size = text.size();
  while (!text.empty()) {
    if (take_code_point(text) < 0) {
      throw InputError("byte " + std::to_string(size - text.size() + 1) +
                       " is no UTF-8; the tokenizer \"byte\" takes any bytes");
    }
  }
}

}  // namespace regard
