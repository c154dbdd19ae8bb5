#include <cstdio>

#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/task.hpp"
#include "regard/metrics/f1.hpp"

namespace regard::data::tasks {
namespace {

class Nodes final : public Task {
 public:
  std::string summary() const override { return "a label for each node of one graph"; }
  std::string model() const override { return "node_classifier"; }
  std::string reader() const override { return "nodes"; }
  Targets targets() const override { return Targets::kNode; }
  std::string things() const override { return "nodes"; }
  std::string refusal(const Examples&) const override {
    return "two tables were expected, --nodes and --edges";
  }
  bool is_natural(const Examples&) const override { return false; }

  std::vector<metrics::Metric> metrics() const override {
    return {{"accuracy"}, {"loss", false, false}, {"macro_f1"}};
  }
  std::vector<double> scores(const metrics::Predictions& predictions,
                             const std::vector<std::string>&) const override {
    return {metrics::macro_f1(predictions)};
  }
  /// The place is the id of the node.
  std::string to_json(const Prediction& p, const std::vector<std::string>& classes) const override {
    auto line = Json::parse(Task::to_json(p, classes));
    Json out = {{"id", line["place"]}};
    for (const auto& [key, value] : line.items()) {
      if (key != "place") out[key] = value;
    }
    return out.dump();
  }
};

}  // namespace

std::unique_ptr<Task> make_nodes() { return std::make_unique<Nodes>(); }

}  // namespace regard::data::tasks
