// Documents from texts, and the ids of one text.
#pragma once

#include "readers/helpers.hpp"
#include "regard/data/readers/text.hpp"
#include "regard/data/readers/tokenizer.hpp"

namespace regard::data {

inline Examples documents(const std::vector<std::string>& texts) {
  ExamplesBuilder builder;
  for (const auto& text : texts) parse_text(text, "doc", builder);
  return builder.finish();
}

inline std::vector<int32_t> encode(const Tokenizer& t, std::string_view text) {
  std::vector<int32_t> ids;
  t.encode(text, ids);
  return ids;
}

}  // namespace regard::data
