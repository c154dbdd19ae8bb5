// Attention maps as JSON: weights of a head, or gates T*w on one absolute scale.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/report/figures.hpp"

namespace regard::report {
namespace {

Json four_digits(float value) {
  if (!std::isfinite(value)) return nullptr;
  return std::stod(formatted(value, "%.4g"));
}

/// Blank and control characters as signs that can be seen.
std::string visible(const std::string& label) {
  std::string seen;
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') {
      seen += "␣";
    } else if (c == '\n') {
      seen += "↵";
    } else if (c == '\t') {
      seen += "⇥";
    } else if (byte < 0x20 || byte == 0x7F) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "x%02X", byte);
      seen += hex;
    } else {
      seen += c;
    }
  }
  return seen;
}

Json parts_of(const std::string& title) {
  static const std::string kSeparator = " · ";
  Json parts = Json::array();
  std::size_t at = 0;
  while (true) {
    const auto end = title.find(kSeparator, at);
    parts.push_back(title.substr(at, end == std::string::npos ? end : end - at));
    if (end == std::string::npos) return parts;
    at = end + kSeparator.size();
  }
}

}  // namespace

Json maps_json(const std::vector<AttentionMap>& maps) {
  Json all = Json::array();
  for (const auto& map : maps) {
    const auto rows = static_cast<std::size_t>(map.rows), cols = static_cast<std::size_t>(map.cols);
    if (map.rows < 1 || map.cols < 1 || map.values.size() != rows * cols ||
        (!map.labels.empty() && map.labels.size() != cols)) {
      throw InputError("attention map \"" + map.title + "\": " + std::to_string(map.rows) + " x " +
                       std::to_string(map.cols) +
                       " values and as many labels as columns, or none, were expected, and " +
                       std::to_string(map.values.size()) + " values with " +
                       std::to_string(map.labels.size()) + " labels came");
    }
    Json z = Json::array();
    for (std::size_t r = 0; r < rows; ++r) {
      Json row = Json::array();
      for (std::size_t c = 0; c < cols; ++c) row.push_back(four_digits(map.values[r * cols + c]));
      z.push_back(std::move(row));
    }
    Json labels = Json::array();
    for (const auto& label : map.labels) labels.push_back(visible(label));
    all.push_back({{"title", map.title},
                   {"parts", parts_of(map.title)},
                   {"gate", map.gate},
                   {"z", std::move(z)},
                   {"labels", std::move(labels)}});
  }
  return all;
}

}  // namespace regard::report
