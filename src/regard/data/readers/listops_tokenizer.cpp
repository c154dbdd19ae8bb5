#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"
#include "regard/data/generators/listops.hpp"
#include "regard/data/readers/tokenizer.hpp"

namespace regard::data {
namespace {

class ListOpsTokenizer final : public Tokenizer {
 public:
  std::string name() const override { return "listops"; }
  int64_t vocabulary() const override { return int64_t{kListOpsSymbols.size()} + 1; }
  int32_t unknown() const override { return 0; }
  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    for_each_word(text, [&](std::string_view word) {
      if (word != "(" && word != ")") ids.push_back(listops_code(word) + 1);
    });
  }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string text;
    for (const auto id : ids) {
      if (id < 0 || id >= vocabulary()) {
        throw InputError("token id " + std::to_string(id) + " lies outside the vocabulary of " +
                         std::to_string(vocabulary()));
      }
      if (!text.empty()) text += ' ';
      text += id == 0 ? "<unknown>" : kListOpsSymbols[static_cast<std::size_t>(id) - 1];
    }
    return text;
  }
  std::string to_json() const override { return nlohmann::json{{"name", name()}}.dump(); }
};

}  // namespace

std::shared_ptr<const Tokenizer> listops_tokenizer() {
  return std::make_shared<ListOpsTokenizer>();
}

}  // namespace regard::data
