#include "regard/data/tasks/label.hpp"

namespace regard::data::tasks {
namespace {

class Classification final : public Label {
 public:
  std::string summary() const override { return "one label for each text or image"; }
  std::string model() const override { return "encoder_classifier"; }
  std::string refusal(const Examples& examples) const override {
    if (examples.pairs) return "a classification reads one text, and text2 names a second";
    if (examples.sentences)
      return "a classification has one label a text, and these have one a token";
    if (!examples.labelled()) return "a classification needs labels, and there are none";
    return "";
  }
  bool is_natural(const Examples& examples) const override { return refusal(examples).empty(); }
};

}  // namespace

std::unique_ptr<Task> make_classification() { return std::make_unique<Classification>(); }

}  // namespace regard::data::tasks
