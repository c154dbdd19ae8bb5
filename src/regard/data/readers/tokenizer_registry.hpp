// The entries of data/tokenizers: tokenizers that rest on a library or on a file of their own. The
// definition of the list is written by CMake from the files of that folder.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "regard/base/error.hpp"
#include "regard/data/readers/tokenizer.hpp"

namespace regard::data {

/// Calls `action` with every document; its InputError gets the place of the document.
template <class F>
void for_each_document(std::span<const Examples* const> parts, F&& action) {
  for (const auto* part : parts) {
    for (int64_t i = 0; i < part->size(); ++i) {
      try {
        action(part->documents[i]);
      } catch (const InputError& error) {
        throw InputError(part->place(i) + ": " + error.what());
      }
    }
  }
}

class TokenizerKind {
 public:
  virtual ~TokenizerKind() = default;
  /// From all training documents of `parts`. InputError names the place of one that it cannot read.
  virtual std::shared_ptr<const Tokenizer> train(const TokenizerSpec& spec,
                                                 std::span<const Examples* const> parts) const = 0;
  /// From what Tokenizer::to_json wrote. InputError for anything else.
  virtual std::shared_ptr<const Tokenizer> read(std::string_view json) const = 0;
};

/// (name, make_<name>) of every file in data/tokenizers, by name.
const std::vector<std::pair<std::string, std::unique_ptr<TokenizerKind> (*)()>>&
tokenizer_entries();

}  // namespace regard::data
