#include "regard/data/readers/task.hpp"

#include <cstdio>

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/base/utf8.hpp"
#include "regard/data/readers/task_registry.hpp"

namespace regard::data {

std::vector<double> Task::scores(const metrics::Predictions&,
                                 const std::vector<std::string>&) const {
  return {};
}

std::string Task::to_text(const Prediction& p) const {
  return on_one_line(p.place) + "\t" + on_one_line(p.label) + "\t" +
         formatted(p.probability, "%.4f") + "\n";
}

std::string Task::to_json(const Prediction& p, const std::vector<std::string>& classes) const {
  Json probabilities;
  for (std::size_t c = 0; c < p.probabilities.size(); ++c) {
    probabilities[classes[c]] = p.probabilities[c];
  }
  const Json line = {{"place", readable(p.place)},
                     {"label", p.label},
                     {"probability", p.probability},
                     {"probabilities", probabilities}};
  return line.dump();
}

const std::vector<std::unique_ptr<Task>>& all_tasks() {
  static const auto all = [] {
    std::vector<std::unique_ptr<Task>> made;
    for (const auto& [name, make] : task_entries()) {
      made.push_back(make());
      made.back()->name_ = name;
    }
    return made;
  }();
  return all;
}

std::vector<std::string> task_names() {
  std::vector<std::string> names;
  for (const auto& task : all_tasks()) names.push_back(task->name());
  return names;
}

const Task& find_task(const std::string& name) {
  for (const auto& task : all_tasks()) {
    if (task->name() == name) return *task;
  }
  throw InputError("unknown task \"" + name + "\"" + suggestion(name, task_names()));
}

const Task& choose_task(const std::string& name, const Examples& examples) {
  if (name == "auto") {
    for (const auto& task : all_tasks()) {
      if (task->is_natural(examples)) return *task;
    }
  }
  const bool pairs = examples.pairs && (name == "auto" || name == "classification");
  const auto& task = find_task(pairs ? "pairs" : name == "auto" ? "classification" : name);
  const auto refusal = task.refusal(examples);
  if (!refusal.empty()) throw InputError(examples.place(0) + ": " + refusal);
  return task;
}

}  // namespace regard::data
