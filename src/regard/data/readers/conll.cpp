#include "regard/data/readers/conll.hpp"

#include <vector>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/text.hpp"

namespace regard::data {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::vector<std::string_view> columns_of(std::string_view line) {
  const bool tabs = line.find('\t') != std::string_view::npos;
  std::vector<std::string_view> columns;
  while (true) {
    const auto begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return columns;
    line.remove_prefix(begin);
    const auto end = line.find_first_of(tabs ? std::string_view("\t") : kBlanks);
    auto column = line.substr(0, end);
    column = column.substr(0, column.find_last_not_of(kBlanks) + 1);
    columns.push_back(column);
    if (end == std::string_view::npos) return columns;
    line.remove_prefix(end);
  }
}

class Sentence {
 public:
  Sentence(const std::string& name, TokenLabels labels, ExamplesBuilder& into)
      : name_(name), labelled_(labels == TokenLabels::kRead), into_(into) {}

  void add(const std::vector<std::string_view>& columns, int64_t line) {
    if (tokens_.empty()) first_ = line;
    const auto token = columns.front();
    if (token.find_first_of(kBlanks) != std::string_view::npos) {
      throw InputError(at(line) + "a token without blanks was expected, and \"" +
                       std::string(token) + "\" came");
    }
    tokens_.emplace_back(token);
    if (!labelled_) return;
    if (columns.size() < 2) {
      throw InputError(at(line) + "a token and its label were expected, and \"" +
                       std::string(token) + "\" stands alone");
    }
    labels_.emplace_back(columns.back());
  }

  void end() {
    if (!tokens_.empty()) into_.add_sentence(tokens_, labels_, first_);
    tokens_.clear();
    labels_.clear();
  }

 private:
  std::string at(int64_t line) const { return name_ + ": line " + std::to_string(line) + ": "; }

  const std::string& name_;
  bool labelled_;
  ExamplesBuilder& into_;
  std::vector<std::string> tokens_, labels_;
  int64_t first_ = 0;
};

}  // namespace

void parse_conll(std::string_view content, const std::string& name, TokenLabels labels,
                 ExamplesBuilder& into) {
  content = without_byte_order_mark(content, name);
  into.begin_file(name);
  Sentence sentence(name, labels, into);
  const auto before = into.size();
  for (int64_t line = 1; !content.empty(); ++line) {
    const auto end = content.find('\n');
    const auto columns = columns_of(content.substr(0, end));
    if (columns.empty() || columns.front() == "-DOCSTART-") {
      sentence.end();
    } else {
      sentence.add(columns, line);
    }
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
  }
  sentence.end();
  if (into.size() == before) throw InputError(name + ": there is no sentence in it");
}

}  // namespace regard::data
