#include "regard/base/number.hpp"

#include <charconv>
#include <cmath>

namespace regard {
namespace {

template <class T>
std::optional<T> number_of(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T value{};
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<int64_t> whole_number(std::string_view text) { return number_of<int64_t>(text); }

std::optional<double> real_number(std::string_view text) {
  const auto value = number_of<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace regard
