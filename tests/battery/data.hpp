// The Severson set, where it lies beside the repository; tests that need it skip without it.
#pragma once

#include <filesystem>
#include <optional>

#include "regard/base/error.hpp"
#include "regard/battery/severson.hpp"

namespace regard::battery {

inline constexpr const char* kNoSeverson =
    "../shared/data/battery_severson is not there: this test needs the Severson set";

inline std::optional<std::filesystem::path> battery_folder(const char* name) {
  const auto path = std::filesystem::path(REGARD_SOURCE_DIR) / "../shared/data" / name;
  return std::filesystem::is_directory(path) ? std::optional(path) : std::nullopt;
}
inline std::optional<std::filesystem::path> severson_folder() {
  return battery_folder("battery_severson");
}

/// Read once for all tests of the program.
inline const Severson& severson() {
  static const Severson data = read_severson(*severson_folder());
  return data;
}

}  // namespace regard::battery

#define SEVERSON_OR_SKIP(data)                                                           \
  if (!regard::battery::severson_folder()) GTEST_SKIP() << regard::battery::kNoSeverson; \
  const auto& data = regard::battery::severson()
