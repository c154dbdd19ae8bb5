// Small helpers on text: splitting, joining, the nearest known name, sizes and durations for
// people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace regard {

std::string trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// Splits at `separator` where it stands outside (), [], {} and "".
std::vector<std::string> split_outside_brackets(std::string_view text, char separator);

/// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name nearest to `name`, or "" when none is near (more than two letters and a third of
/// it differ).
std::string nearest(std::string_view name, const std::vector<std::string>& known);

/// `; did you mean "x"?` or `; known: a, b, c`, to end the sentence about an unknown name.
std::string suggestion(std::string_view name, const std::vector<std::string>& known);

/// The text on one line without tabs: \t, \n, \r, other control characters as \x07, and \\ for a
/// backslash.
std::string on_one_line(std::string_view text);

/// InputError "walk: --runs: 1 to 9 are expected, and 12 came" unless least <= value <= most.
void check_count(const char* place, int64_t value, int64_t least, int64_t most);

std::string formatted(double value, const char* format);  // by one conversion of printf
std::string human_bytes(double bytes);                    // "1.2 GiB"
std::string human_seconds(double seconds);                // "3 min 20 s"
std::string shortest(double value);  // the shortest decimal text that reads back as `value`

}  // namespace regard
