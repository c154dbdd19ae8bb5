// Numbers as people write them: decimal digits, in range, finite.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace regard {

/// All of `text` as a number in decimal digits, with or without a sign; nothing for any other text,
/// for a number out of range, and for "nan" and "inf". "010" is ten.
std::optional<int64_t> whole_number(std::string_view text);
std::optional<double> real_number(std::string_view text);

}  // namespace regard
