// JSON as the files of runs and reports have it: keys in the order of writing, null for a number
// that is not finite.
#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace regard {

using Json = nlohmann::ordered_json;

inline Json finite_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

/// NaN for null.
inline double number_of(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

/// NaN for null, and where the key is absent.
inline double number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? std::numeric_limits<double>::quiet_NaN() : number_of(*found);
}

}  // namespace regard
