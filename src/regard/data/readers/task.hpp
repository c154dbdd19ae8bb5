// What is asked of the data: classification, pairs, language_model, ... A file in data/tasks is an
// entry.
//
// A task says which network answers it, which reader and which targets it takes, what is measured,
// and how a prediction is written. `--task` names one; where none is named, the data decides.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "regard/data/readers/examples.hpp"
#include "regard/metrics/predictions.hpp"

namespace regard::data {

/// What a trained model says about one example.
struct Prediction {
  std::string place;                  // "new.tsv: line 7"
  std::string label;                  // the likeliest class
  double probability = 0;             // of it
  std::vector<double> probabilities;  // of every class, in the order of the run's classes
  // Of a task with a target for each token, instead of the three above:
  std::string text;                         // the example as it was read
  std::vector<std::string> token_labels;    // the likeliest class of each token
  std::vector<double> token_probabilities;  // of it
};

/// What the model is trained towards.
enum class Targets {
  kExample,    ///< a class for each example
  kToken,      ///< a class for each token of an example
  kNode,       ///< a class for each node of one graph
  kNextToken,  ///< the token that follows, everywhere in one text
  kText,       ///< a second text for each
  kMasked,     ///< tokens that are left out, at some places of each row of one text
};

class Task {
 public:
  virtual ~Task() = default;
  /// The file in data/tasks, "classification".
  const std::string& name() const { return name_; }
  /// One line of `regard list tasks`.
  virtual std::string summary() const = 0;
  /// The kind of network that answers it, unless another is named.
  virtual std::string model() const = 0;
  /// The reader of its files, unless one is named; "auto": as the file looks.
  virtual std::string reader() const { return "auto"; }
  virtual Targets targets() const = 0;
  /// Whether its data is text without labels.
  bool reads_text() const {
    return targets() == Targets::kNextToken || targets() == Targets::kMasked;
  }
  /// Why these examples cannot be its training data, one sentence without a place; "" where they
  /// can.
  virtual std::string refusal(const Examples& examples) const = 0;
  /// Whether these examples have this task where none is named; true of at most one task.
  virtual bool is_natural(const Examples& examples) const = 0;
  /// What its examples are called when they are text.
  virtual std::string things() const { return "documents"; }

  /// The measures of an evaluation; the first decides between kinds of attention.
  virtual std::vector<metrics::Metric> metrics() const = 0;
  /// The values of metrics() but "loss" and "accuracy", in their order, from all predictions.
  virtual std::vector<double> scores(const metrics::Predictions& predictions,
                                     const std::vector<std::string>& classes) const;

  /// What `predict` prints of one example, with the newline; by default
  /// "place<TAB>label<TAB>probability".
  virtual std::string to_text(const Prediction& prediction) const;
  /// The same as one line of JSON.
  virtual std::string to_json(const Prediction& prediction,
                              const std::vector<std::string>& classes) const;

 private:
  friend const std::vector<std::unique_ptr<Task>>& all_tasks();
  std::string name_;
};

/// Every task, by name.
const std::vector<std::unique_ptr<Task>>& all_tasks();
std::vector<std::string> task_names();
/// InputError with the nearest name for an unknown one.
const Task& find_task(const std::string& name);

/// The task `name` of these examples; "auto": the one that is natural for them. Examples of two
/// texts make a classification one of pairs. InputError with a place where the task cannot have
/// them.
const Task& choose_task(const std::string& name, const Examples& examples);

}  // namespace regard::data
