// What the fuzz targets of readers share: an InputError is the only answer to bad input.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "regard/base/error.hpp"
#include "regard/data/readers/examples.hpp"

namespace regard::data {

/// Runs `read` on the input; anything but success or InputError ends the program.
template <class F>
int try_to_read(const uint8_t* data, size_t size, F&& read) {
  try {
    read(std::string_view(reinterpret_cast<const char*>(data), size));
  } catch (const InputError&) {
  }
  return 0;
}

/// What was accepted is consistent: a place for each example, labels inside their names.
inline void check_examples(const Examples& examples) {
  const bool images = examples.form == Examples::Form::kImages;
  if (examples.size() < 1) std::abort();
  if (!images && examples.documents.size() != examples.size()) std::abort();
  if (images &&
      static_cast<int64_t>(examples.images.size()) != examples.size() * examples.shape.size()) {
    std::abort();
  }
  for (int64_t i = 0; i < examples.size(); ++i) {
    if (examples.place(i).empty()) std::abort();
  }
  for (const auto label : examples.labels) {
    if (label < 0 || label >= static_cast<int32_t>(examples.label_names.size())) std::abort();
  }
}

}  // namespace regard::data
