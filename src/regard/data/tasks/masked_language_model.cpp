#include "regard/data/readers/task.hpp"

namespace regard::data::tasks {
namespace {

class MaskedLanguageModel final : public Task {
 public:
  std::string summary() const override { return "tokens that are left out, in text"; }
  std::string model() const override { return "masked_language_model"; }
  Targets targets() const override { return Targets::kMasked; }
  std::string things() const override { return "tokens"; }
  std::string refusal(const Examples& examples) const override {
    if (examples.form == Examples::Form::kImages) {
      return "a masked language model reads text, and this is an image";
    }
    if (examples.pairs) return "a masked language model reads one text, and text2 names a second";
    if (examples.sentences) return "a masked language model reads text, and these are tokens";
    return "";
  }
  /// Text without labels is a language model unless this task is named.
  bool is_natural(const Examples&) const override { return false; }
  std::vector<metrics::Metric> metrics() const override {
    return {{"loss", false, false}, {"accuracy"}};
  }
};

}  // namespace

std::unique_ptr<Task> make_masked_language_model() {
  return std::make_unique<MaskedLanguageModel>();
}

}  // namespace regard::data::tasks
