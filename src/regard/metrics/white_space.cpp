#include "regard/metrics/white_space.hpp"

#include "regard/base/utf8.hpp"

namespace regard::metrics {
namespace {

bool is_white(int32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

}  // namespace

int32_t take_character(std::string_view& text) {
  constexpr int32_t kBehindUnicode = 0x110000;
  const auto code = take_code_point(text);
  if (code >= 0) return code;
  const auto byte = static_cast<uint8_t>(text.front());
  text.remove_prefix(1);
  return kBehindUnicode + byte;
}

std::vector<std::string_view> split_at_white_space(std::string_view text) {
  std::vector<std::string_view> parts;
  std::string_view rest = text, part = text.substr(0, 0);
  while (!rest.empty()) {
    const auto* const at = rest.data();
    const bool white = is_white(take_character(rest));
    const auto length = static_cast<std::size_t>(rest.data() - at);
    if (!white) {
      part = part.empty() ? std::string_view(at, length)
                          : std::string_view(part.data(), part.size() + length);
    } else if (!part.empty()) {
      parts.push_back(part);
      part = {};
    }
  }
  if (!part.empty()) parts.push_back(part);
  return parts;
}

std::string_view without_end(std::string_view text) {
  const auto parts = split_at_white_space(text);
  if (parts.empty()) return text.substr(0, 0);
  const auto* const end = parts.back().data() + parts.back().size();
  return text.substr(0, static_cast<std::size_t>(end - text.data()));
}

}  // namespace regard::metrics
