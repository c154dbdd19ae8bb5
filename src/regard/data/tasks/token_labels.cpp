#include <sstream>

#include "regard/base/json.hpp"
#include "regard/data/readers/task.hpp"
#include "regard/metrics/f1.hpp"
#include "regard/metrics/spans.hpp"

namespace regard::data::tasks {
namespace {

// The tokens of a sentence, or of a piece of one, which ends with a line break.
std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens;
  std::istringstream lines(text);
  for (std::string token; std::getline(lines, token);) tokens.push_back(token);
  return tokens;
}

class TokenLabels final : public Task {
 public:
  std::string summary() const override { return "one label for each token of a sentence"; }
  std::string model() const override { return "sequence_labeller"; }
  std::string reader() const override { return "conll"; }
  Targets targets() const override { return Targets::kToken; }
  std::string things() const override { return "sentences"; }
  std::string refusal(const Examples& examples) const override {
    if (!examples.sentences) return "sentences were expected, one token and its label a line";
    return examples.labelled() ? "" : "labels of tokens are needed, and there are none";
  }
  bool is_natural(const Examples& examples) const override { return refusal(examples).empty(); }

  std::vector<metrics::Metric> metrics() const override {
    return {{"f1"}, {"accuracy"}, {"loss", false, false}};
  }
  /// Of spans where the labels mark spans, else the mean over labels.
  std::vector<double> scores(const metrics::Predictions& predictions,
                             const std::vector<std::string>& classes) const override {
    return {metrics::mark_spans(classes) ? metrics::span_f1(predictions, classes)
                                         : metrics::macro_f1(predictions)};
  }

  /// The form that is read: token, tab, label; a blank line behind a sentence.
  std::string to_text(const Prediction& p) const override {
    const auto tokens = tokens_of(p.text);
    std::string lines;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      lines += tokens[t] + "\t" + p.token_labels[t] + "\n";
    }
    return p.text.ends_with('\n') ? lines : lines + "\n";
  }
  std::string to_json(const Prediction& p, const std::vector<std::string>&) const override {
    const Json line = {{"place", p.place},
                       {"tokens", tokens_of(p.text)},
                       {"labels", p.token_labels},
                       {"probabilities", p.token_probabilities}};
    return line.dump();
  }
};

}  // namespace

std::unique_ptr<Task> make_token_labels() { return std::make_unique<TokenLabels>(); }

}  // namespace regard::data::tasks
