#include "regard/lab/catalogue.hpp"

#include "regard/base/error.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/reader.hpp"
#include "regard/data/readers/task.hpp"
#include "regard/lab/recipe.hpp"
#include "regard/models/model.hpp"

namespace regard::lab {

namespace {

Json options_json(const std::vector<Field>& options) {
  Json out = Json::array();
  for (const auto& o : options) {
    Json row = {{"name", o.name}, {"type", o.type}, {"default", to_text(o.value)}, {"help", o.doc}};
    if (!o.choices.empty()) row["choices"] = o.choices;
    out.push_back(row);
  }
  return out;
}

template <class T>
Json axis_json(const std::vector<attention::Entry<T>>& entries) {
  Json out = Json::array();
  for (const auto& entry : entries) {
    const auto object = entry.make();
    out.push_back({{"name", entry.name},
                   {"summary", object->summary()},
                   {"equation", object->equation()},
                   {"options", options_json(fields([&](Visitor& f) { object->visit(f); }))}});
  }
  return out;
}

std::string choices_text(const Json& option) {
  if (!option.contains("choices")) return "";
  return " (" + join(option["choices"].get<std::vector<std::string>>(), "|") + ")";
}

std::string word(const Json& row, const char* key) { return row[key].get<std::string>(); }

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string group_text(const std::string& title, const Json& rows) {
  std::string text = title + "\n";
  for (const auto& row : rows) {
    text += "  " + padded(word(row, "name"), 20) + " " + word(row, "summary") + "\n";
    if (row.contains("equation"))
      text += "  " + padded("", 20) + " " + word(row, "equation") + "\n";
    for (const auto& o : row.value("options", Json::array())) {
      const auto fallback = word(o, "default");
      text += "      " + word(o, "name") + "=" + (fallback.empty() ? "\"\"" : fallback) + "  " +
              word(o, "help") + choices_text(o) + "\n";
    }
  }
  return text;
}

std::string options_text(const Json& tables) {
  std::string text;
  for (const auto& [table, rows] : tables.items()) {
    text += "[" + table + "]\n";
    for (const auto& o : rows)
      text += "  " + padded(word(o, "name"), 18) + " = " + padded(word(o, "default"), 14) + " " +
              word(o, "help") + choices_text(o) + "\n";
  }
  return text;
}

}  // namespace

Json catalogue() {
  Json all = {{"projections", axis_json(attention::all_projections())},
              {"graphs", axis_json(attention::all_graphs())},
              {"folds", axis_json(attention::all_folds())},
              {"models", Json::array()},
              {"tasks", Json::array()},
              {"readers", Json::array()},
              {"options", Json::object()}};
  for (const auto& kind : models::model_kinds())
    all["models"].push_back({{"name", kind.name}, {"summary", kind.summary}});
  for (const auto& task : data::all_tasks()) {
    std::string names;
    for (const auto& metric : task->metrics()) names += (names.empty() ? "" : ", ") + metric.name;
    all["tasks"].push_back({{"name", task->name()},
                            {"summary", task->summary() + "; " + task->model() + "; " + names},
                            {"model", task->model()},
                            {"metrics", names}});
  }
  for (const auto& reader : data::readers()) {
    all["readers"].push_back({{"name", reader.name},
                              {"summary", reader.summary},
                              {"options", options_json(reader.options)}});
  }
  Recipe recipe;
  for (const auto& table : recipe.tables())
    all["options"][table.name] = options_json(fields(table.visit));
  return all;
}

std::string catalogue_text(const std::string& part) {
  const auto all = catalogue();
  std::vector<std::string> parts;
  for (const auto& [name, rows] : all.items()) parts.push_back(name);
  if (!part.empty() && !all.contains(part))
    throw InputError("list: unknown part \"" + part + "\"" + suggestion(part, parts));
  if (part == "options") return options_text(all["options"]);
  std::string text;
  for (const auto& name : parts) {
    if (name != "options" && (part.empty() || part == name)) text += group_text(name, all[name]);
  }
  if (part.empty() || part == "models")
    text += "the options of a model are the table [model] of `regard list options`\n";
  if (part.empty())
    text +=
        "a phrase is projection+graph+fold, as in window(width=64)+hrr; `regard list options` "
        "has the options of recipes\n";
  return text;
}

}  // namespace regard::lab
