#include "regard/data/tasks/label.hpp"

namespace regard::data::tasks {
namespace {

class Pairs final : public Label {
 public:
  std::string summary() const override { return "two texts, and one label for how they relate"; }
  std::string model() const override { return "pair_classifier"; }
  std::string things() const override { return "pairs"; }
  std::string refusal(const Examples& examples) const override {
    if (!examples.pairs) return "pairs are two texts, and --text2 names the column of the second";
    if (!examples.labelled()) return "a classification needs labels, and there are none";
    return "";
  }
  bool is_natural(const Examples& examples) const override { return refusal(examples).empty(); }
};

}  // namespace

std::unique_ptr<Task> make_pairs() { return std::make_unique<Pairs>(); }

}  // namespace regard::data::tasks
