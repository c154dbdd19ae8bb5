#include "regard/data/readers/task.hpp"

namespace regard::data::tasks {
namespace {

class LanguageModel final : public Task {
 public:
  std::string summary() const override { return "the token that follows, in one text"; }
  std::string model() const override { return "language_model"; }
  Targets targets() const override { return Targets::kNextToken; }
  std::string things() const override { return "tokens"; }
  std::string refusal(const Examples& examples) const override {
    if (examples.form == Examples::Form::kImages) {
      return "a language model reads text, and this is an image";
    }
    if (examples.pairs) return "a language model reads one text, and text2 names a second";
    return "";
  }
  bool is_natural(const Examples& examples) const override {
    return !examples.labelled() && !examples.sentences && refusal(examples).empty();
  }
  std::vector<metrics::Metric> metrics() const override {
    return {{"loss", false, false}, {"accuracy"}};
  }
};

}  // namespace

std::unique_ptr<Task> make_language_model() { return std::make_unique<LanguageModel>(); }

}  // namespace regard::data::tasks
