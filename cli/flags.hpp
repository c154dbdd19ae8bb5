// Flags that hold numbers, and the end of what a command prints.
//
// CLI11 reads 010 as eight, cuts a number beyond its type, and takes nan and inf; these flags take
// decimal digits alone, in range and finite, and refuse the rest in a sentence that names the flag.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace regard::models {
struct Truncation;
}

namespace regard::cli {

CLI::Option* add_number(CLI::App& command, const std::string& flag, int64_t& value,
                        const std::string& help);
CLI::Option* add_number(CLI::App& command, const std::string& flag, double& value,
                        const std::string& help);
/// Several numbers: as many as `expected` says, or separated by commas with `delimiter(',')`.
CLI::Option* add_numbers(CLI::App& command, const std::string& flag, std::vector<int64_t>& values,
                         const std::string& help);
CLI::Option* add_numbers(CLI::App& command, const std::string& flag, std::vector<double>& values,
                         const std::string& help);

/// --top-k, --top-p and --min-p.
void add_truncation(CLI::App& command, models::Truncation& keep);

/// Passes what was printed on to standard output; RunError when not all of it arrived (a full
/// device).
void finish_output();

/// Opens /dev/null for each of the descriptors 0, 1, 2 that is closed: the next file would get its
/// number, and then what is printed.
void keep_standard_descriptors();

}  // namespace regard::cli
