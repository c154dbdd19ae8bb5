#include "regard/data/readers/tokenizer.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/tokenizer_registry.hpp"
#include "regard/data/readers/word_boundaries.hpp"

namespace regard::data {
namespace {

using nlohmann::json;

[[noreturn]] void outside(int32_t id, int64_t vocabulary) {
  throw InputError("token id " + std::to_string(id) + " lies outside the vocabulary of " +
                   std::to_string(vocabulary));
}

class Byte final : public Tokenizer {
 public:
  std::string name() const override { return "byte"; }
  int64_t vocabulary() const override { return 256; }
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    const auto before = ids.size();
    ids.resize(before + text.size());
    for (std::size_t i = 0; i < text.size(); ++i) ids[before + i] = static_cast<uint8_t>(text[i]);
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const auto id : ids) {
      if (id < 0 || id > 255) outside(id, 256);
      text += static_cast<char>(static_cast<uint8_t>(id));
    }
    return text;
  }
  std::string to_json() const override { return json{{"name", name()}}.dump(); }
};

class Character final : public Tokenizer {
 public:
  explicit Character(std::vector<int32_t> code_points)
      : code_points_(std::move(code_points)), ascii_(128, unknown()) {
    for (std::size_t i = 0; i < code_points_.size() && code_points_[i] < 128; ++i) {
      ascii_[static_cast<std::size_t>(code_points_[i])] = static_cast<int32_t>(i);
    }
  }
  std::string name() const override { return "character"; }
  int64_t vocabulary() const override { return static_cast<int64_t>(code_points_.size()) + 1; }
  int32_t unknown() const override { return static_cast<int32_t>(code_points_.size()); }
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    check_utf8(text);
    ids.reserve(ids.size() + text.size());
    while (!text.empty()) {
      const auto code = take_code_point(text);
      if (code < 128) {
        ids.push_back(ascii_[static_cast<std::size_t>(code)]);
        continue;
      }
      const auto found = std::lower_bound(code_points_.begin(), code_points_.end(), code);
      const bool known = found != code_points_.end() && *found == code;
      ids.push_back(known ? static_cast<int32_t>(found - code_points_.begin()) : unknown());
    }
  }
  std::string decode(std::span<const int32_t> ids) const override {
    constexpr int32_t kReplacement = 0xFFFD;
    std::string text;
    for (const auto id : ids) {
      if (id < 0 || id > unknown()) outside(id, vocabulary());
      append_utf8(text,
                  id == unknown() ? kReplacement : code_points_[static_cast<std::size_t>(id)]);
    }
    return text;
  }
  std::string to_json() const override {
    return json{{"name", name()}, {"code_points", code_points_}}.dump();
  }

 private:
  std::vector<int32_t> code_points_;
  std::vector<int32_t> ascii_;
};

std::string_view lowered(std::string_view word, std::string& buffer) {
  buffer.assign(word);
  for (auto& c : buffer) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return buffer;
}

enum class Ends { kBlanks, kBoundaries };  // of words

/// Calls `each` with every word of the text as it is looked up.
template <class F>
void for_each_looked_up(std::string_view text, Ends ends, bool lower, F&& each) {
  if (ends == Ends::kBoundaries) {
    for_each_segment(text, lower ? Case::kFold : Case::kKeep,
                     [&](std::string_view word, Segment) { each(word); });
    return;
  }
  check_utf8(text);
  std::string buffer;
  for_each_word(text, [&](std::string_view word) { each(lower ? lowered(word, buffer) : word); });
}

class Words final : public Tokenizer {
 public:
  Words(std::vector<std::string> words, Ends ends, bool lower)
      : words_(std::move(words)), ends_(ends), lower_(lower) {
    ids_.reserve(words_.size());
    for (std::size_t i = 0; i < words_.size(); ++i) {
      ids_.emplace(words_[i], static_cast<int32_t>(i) + 1);
    }
  }
  std::string name() const override { return ends_ == Ends::kBlanks ? "words" : "icu_words"; }
  int64_t vocabulary() const override { return static_cast<int64_t>(words_.size()) + 1; }
  int32_t unknown() const override { return 0; }
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    for_each_looked_up(text, ends_, lower_, [&](std::string_view word) {
      const auto found = ids_.find(word);
      ids.push_back(found == ids_.end() ? 0 : found->second);
    });
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const auto id : ids) {
      if (id < 0 || id >= vocabulary()) outside(id, vocabulary());
      if (!text.empty()) text += ' ';
      text += id == 0 ? "<unknown>" : words_[static_cast<std::size_t>(id) - 1];
    }
    return text;
  }
  std::string to_json() const override {
    return json{{"name", name()}, {"words", words_}, {"lower", lower_}}.dump();
  }

 private:
  std::vector<std::string> words_;
  std::unordered_map<std::string_view, int32_t> ids_;  // views of words_
  Ends ends_;
  bool lower_;
};

using Parts = std::span<const Examples* const>;

std::shared_ptr<const Tokenizer> characters_of(Parts training) {
  std::set<int32_t> found;
  std::vector<bool> ascii(128);
  for_each_document(training, [&](std::string_view text) {
    check_utf8(text);
    while (!text.empty()) {
      const auto code = take_code_point(text);
      if (code < 128) {
        ascii[static_cast<std::size_t>(code)] = true;
      } else {
        found.insert(code);
      }
    }
  });
  std::vector<int32_t> code_points;
  for (int32_t c = 0; c < 128; ++c) {
    if (ascii[static_cast<std::size_t>(c)]) code_points.push_back(c);
  }
  code_points.insert(code_points.end(), found.begin(), found.end());
  return character_tokenizer(std::move(code_points));
}

std::shared_ptr<const Tokenizer> words_of(Parts training, const TokenizerSpec& spec, Ends ends) {
  if (spec.vocabulary < 1) {
    throw InputError("vocabulary counts words, from 1, and " + std::to_string(spec.vocabulary) +
                     " came");
  }
  std::unordered_map<std::string, int64_t> counts;
  for_each_document(training, [&](std::string_view text) {
    for_each_looked_up(text, ends, spec.lower,
                       [&](std::string_view word) { ++counts[std::string(word)]; });
  });
  std::vector<std::pair<std::string, int64_t>> order(counts.begin(), counts.end());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::vector<std::string> words;
  for (auto& [word, count] : order) {
    if (static_cast<int64_t>(words.size()) == spec.vocabulary) break;
    words.push_back(std::move(word));
  }
  return std::make_shared<Words>(std::move(words), ends, spec.lower);
}

// The entry `name` of data/tokenizers, or nullptr.
std::unique_ptr<TokenizerKind> kind_of(const std::string& name) {
  for (const auto& [entry, make] : tokenizer_entries()) {
    if (entry == name) return make();
  }
  return nullptr;
}

std::vector<std::string> tokenizer_names() {
  std::vector<std::string> names = {"byte", "character", "words", "icu_words", "listops"};
  for (const auto& [name, make] : tokenizer_entries()) names.push_back(name);
  return names;
}

void check_words(const std::vector<std::string>& words) {
  std::set<std::string_view> seen;
  for (const auto& word : words) {
    if (word.empty() || !seen.insert(word).second) {
      throw InputError("tokenizer: words are different and not empty, and \"" + word + "\" came");
    }
  }
}

}  // namespace

std::shared_ptr<const Tokenizer> byte_tokenizer() { return std::make_shared<Byte>(); }

std::shared_ptr<const Tokenizer> character_tokenizer(std::vector<int32_t> code_points) {
  for (std::size_t i = 0; i < code_points.size(); ++i) {
    const auto code = code_points[i];
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    if (code < 0 || code > 0x10FFFF || surrogate || (i > 0 && code <= code_points[i - 1])) {
      throw InputError("tokenizer: code points increase from 0 to 1114111, and " +
                       std::to_string(code) + " came");
    }
  }
  return std::make_shared<Character>(std::move(code_points));
}

std::shared_ptr<const Tokenizer> word_tokenizer(std::vector<std::string> words, bool lower) {
  check_words(words);
  return std::make_shared<Words>(std::move(words), Ends::kBlanks, lower);
}

std::shared_ptr<const Tokenizer> icu_word_tokenizer(std::vector<std::string> words, bool lower) {
  check_words(words);
  return std::make_shared<Words>(std::move(words), Ends::kBoundaries, lower);
}

std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerSpec& spec,
                                                const Examples& training) {
  const auto* part = &training;
  return make_tokenizer(spec, Parts(&part, 1));
}

std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerSpec& spec, Parts training) {
  if (spec.tokenizer == "byte") return byte_tokenizer();
  if (spec.tokenizer == "character") return characters_of(training);
  if (spec.tokenizer == "words") return words_of(training, spec, Ends::kBlanks);
  if (spec.tokenizer == "icu_words") return words_of(training, spec, Ends::kBoundaries);
  if (spec.tokenizer == "listops") return listops_tokenizer();
  if (const auto kind = kind_of(spec.tokenizer)) return kind->train(spec, training);
  throw InputError("unknown tokenizer \"" + spec.tokenizer + "\"" +
                   suggestion(spec.tokenizer, tokenizer_names()));
}

std::shared_ptr<const Tokenizer> tokenizer_from_json(std::string_view text) {
  try {
    const auto object = json::parse(text);
    const auto name = object.at("name").get<std::string>();
    if (name == "byte") return byte_tokenizer();
    if (name == "listops") return listops_tokenizer();
    if (name == "character") {
      std::vector<int32_t> code_points;
      for (const auto& item : object.at("code_points")) {
        // Whether it is a whole number is asked first: converting 1e300 would be undefined.
        const auto code = item.is_number_integer() ? item.get<int64_t>() : int64_t{-1};
        if (code < 0 || code > 0x10FFFF) {
          throw InputError("tokenizer: " + item.dump() + " is no code point");
        }
        code_points.push_back(static_cast<int32_t>(code));
      }
      return character_tokenizer(std::move(code_points));
    }
    if (name == "words" || name == "icu_words") {
      const auto make = name == "words" ? word_tokenizer : icu_word_tokenizer;
      return make(object.at("words").get<std::vector<std::string>>(),
                  object.at("lower").get<bool>());
    }
    if (const auto kind = kind_of(name)) return kind->read(text);
    throw InputError("tokenizer: unknown name \"" + name + "\"");
  } catch (const json::exception& error) {
    throw InputError(std::string("tokenizer: its JSON cannot be read: ") + error.what());
  }
}

}  // namespace regard::data
