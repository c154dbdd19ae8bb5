#include "regard/data/readers/task.hpp"

namespace regard::data::tasks {
namespace {

class Translation final : public Task {
 public:
  std::string summary() const override { return "a second text, in words of its own, for each"; }
  std::string model() const override { return "sequence_to_sequence"; }
  Targets targets() const override { return Targets::kText; }
  std::string things() const override { return "pairs of lines"; }
  std::string refusal(const Examples& examples) const override {
    if (!examples.pairs) {
      return "a translation needs two texts, a source and its target (--target FILE, or "
             "--target-text COLUMN)";
    }
    return examples.labelled() ? "a translation has no labels, and these texts have" : "";
  }
  bool is_natural(const Examples& examples) const override { return refusal(examples).empty(); }

  /// Of the texts that the model writes; they are not made of predictions for single tokens.
  std::vector<metrics::Metric> metrics() const override {
    return {{"bleu", true, false}, {"loss", false, false}, {"accuracy"}, {"chrf", true, false}};
  }
};

}  // namespace

std::unique_ptr<Task> make_translation() { return std::make_unique<Translation>(); }

}  // namespace regard::data::tasks
