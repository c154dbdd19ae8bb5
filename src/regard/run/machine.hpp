// Where a run computes, as far as it is known without PyTorch.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace regard::run {

std::string cpu_name();
int64_t cores();

/// What malloc of this process is: "tcmalloc (gperftools 2.10)", or "C library".
std::string allocator_name();

/// Bytes of memory of this process at its peak (VmHWM).
int64_t peak_memory();

std::string version();  // "0.1.0"
/// "1a2b3c4d5e", "-dirty" behind it when the tree had changes; "unknown" outside of git.
std::string commit();
std::string version_text();  // "0.1.0 (1a2b3c4d5e)"
std::string compiler();      // "g++ 12.2.0"

/// Names and values in the order of printing, for reports and `result.json`.
using Facts = std::vector<std::pair<std::string, std::string>>;
/// processor, cores, allocator, regard, compiler.
Facts machine_facts();

}  // namespace regard::run
