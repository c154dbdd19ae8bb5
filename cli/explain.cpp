// What there is, and what would happen: list, show, explain, doctor.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "recipe_flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/data/readers/reader.hpp"
#include "regard/data/readers/task.hpp"
#include "regard/kernels/cpu/targets.hpp"
#include "regard/lab/machine.hpp"
#include "regard/models/model.hpp"
#include "regard/report/plotly.hpp"
#include "regard/report/table.hpp"

namespace regard::cli {
using Json = nlohmann::ordered_json;

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

Json everything() {
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
  lab::Recipe recipe;
  for (const auto& table : recipe.tables())
    all["options"][table.name] = options_json(fields(table.visit));
  return all;
}

std::string choices_text(const Json& option) {
  if (!option.contains("choices")) return "";
  return " (" + join(option["choices"].get<std::vector<std::string>>(), "|") + ")";
}

void print_group(const std::string& title, const Json& rows) {
  std::printf("%s\n", title.c_str());
  for (const auto& row : rows) {
    std::printf("  %-20s %s\n", row["name"].get<std::string>().c_str(),
                row["summary"].get<std::string>().c_str());
    if (row.contains("equation"))
      std::printf("  %-20s %s\n", "", row["equation"].get<std::string>().c_str());
    for (const auto& o : row.value("options", Json::array())) {
      auto fallback = o["default"].get<std::string>();
      std::printf("      %s=%s  %s", o["name"].get<std::string>().c_str(),
                  fallback.empty() ? "\"\"" : fallback.c_str(),
                  o["help"].get<std::string>().c_str());
      std::printf("%s\n", choices_text(o).c_str());
    }
  }
}

}  // namespace

void add_list(CLI::App& app) {
  auto* command = app.add_subcommand(
      "list", "projections, graphs, folds, models, tasks, readers and the options of recipes");
  auto json = std::make_shared<bool>(false);
  auto which = std::make_shared<std::string>();
  command->add_option(
      "part", *which,
      "projections, graphs, folds, models, tasks, readers or options (default: all but options)");
  command->add_flag("--json", *json, "JSON for programs");
  command->callback([=] {
    auto all = everything();
    std::vector<std::string> parts;
    for (const auto& [name, rows] : all.items()) parts.push_back(name);
    if (!which->empty() && !all.contains(*which))
      throw InputError("list: unknown part \"" + *which + "\"" + suggestion(*which, parts));
    if (*json) {
      std::printf("%s\n", (which->empty() ? all : all[*which]).dump(2).c_str());
      return;
    }
    if (*which == "options") {
      for (const auto& [table, rows] : all["options"].items()) {
        std::printf("[%s]\n", table.c_str());
        for (const auto& o : rows) {
          std::printf("  %-18s = %-14s %s%s\n", o["name"].get<std::string>().c_str(),
                      o["default"].get<std::string>().c_str(), o["help"].get<std::string>().c_str(),
                      choices_text(o).c_str());
        }
      }
      return;
    }
    for (const auto& part : parts) {
      if (part != "options" && (which->empty() || *which == part)) print_group(part, all[part]);
    }
    if (which->empty() || *which == "models")
      std::printf("the options of a model are the table [model] of `regard list options`\n");
    if (which->empty())
      std::printf(
          "a phrase is projection+graph+fold, as in window(width=64)+hrr; `regard list options` "
          "has the options of recipes\n");
  });
}

void add_show(CLI::App& app) {
  auto* command = app.add_subcommand("show", "the resolved recipe: every option with its value");
  auto flags = std::make_shared<RecipeFlags>(*command);
  auto attention = std::make_shared<std::string>();
  auto* phrase = command->add_option("--attention", *attention, "phrase");
  command->callback([=] {
    auto recipe = flags->recipe();
    if (phrase->count() > 0) recipe.attention.phrase = *attention;
    recipe.phrases();
    for (const auto& text : recipe.compare.attention) attention::parse_phrase(text);
    std::printf("%s", recipe.to_toml().c_str());
  });
}

namespace {
std::string no_gpu_note(const std::string& why) {
  return "no GPU here (" + why + "): its memory is not counted";
}

void check_sizes(const ops::Problem& p) {
  const auto demand = [](int64_t value, int64_t least, const char* flag) {
    if (value < least)
      throw InputError(std::string(flag) + ": at least " + std::to_string(least) +
                       " was expected, and " + std::to_string(value) + " came");
  };
  demand(p.batch, 1, "--batch");
  demand(p.heads, 1, "--heads");
  demand(p.kv_heads, 0, "--kv-heads");
  demand(p.queries, 1, "--length");
  demand(p.keys, 0, "--keys");
  demand(p.width, 1, "--width");
  if (p.kv_heads > 0 && p.heads % p.kv_heads != 0)
    throw InputError("--kv-heads: a divisor of --heads " + std::to_string(p.heads) +
                     " was expected, and " + std::to_string(p.kv_heads) + " came");
}
}  // namespace

void add_explain(CLI::App& app) {
  auto* command =
      app.add_subcommand("explain", "which kernel would run for a phrase, and why not the others");
  command->footer(
      "Example: regard explain \"window(width=64)+hrr\" --length 4096 --width 64 --causal");
  struct State {
    std::string phrase, dtype = "fp32", device = "cpu";
    ops::Problem p{.batch = 1,
                   .heads = 8,
                   .kv_heads = 0,
                   .queries = 1024,
                   .keys = 0,
                   .width = 64,
                   .graph = {}};
    bool causal = false, ragged = false, bias = false, json = false;
  };
  auto s = std::make_shared<State>();
  command->add_option("phrase", s->phrase, "projection+graph+fold")->required();
  add_number(*command, "--batch", s->p.batch, "examples")->capture_default_str();
  add_number(*command, "--heads", s->p.heads, "heads")->capture_default_str();
  add_number(*command, "--kv-heads", s->p.kv_heads, "heads of k and v (0: as many)")
      ->capture_default_str();
  add_number(*command, "--length", s->p.queries, "queries")->capture_default_str();
  add_number(*command, "--keys", s->p.keys, "keys (0: as many)")->capture_default_str();
  add_number(*command, "--width", s->p.width, "width of a head")->capture_default_str();
  command->add_option("--dtype", s->dtype, "fp32, bf16, fp16 or fp64")->capture_default_str();
  command->add_option("--device", s->device, "cpu or cuda")->capture_default_str();
  command->add_flag("--causal", s->causal, "as in a language model");
  command->add_flag("--ragged", s->ragged, "with lengths");
  command->add_flag("--bias", s->bias, "with a score bias");
  command->add_flag("--json", s->json, "JSON for programs");
  command->callback([=] {
    static const std::map<std::string, torch::ScalarType> types = {{"fp32", torch::kFloat},
                                                                   {"bf16", torch::kBFloat16},
                                                                   {"fp16", torch::kHalf},
                                                                   {"fp64", torch::kDouble}};
    const auto type = types.find(s->dtype);
    if (type == types.end())
      throw InputError("--dtype: fp32, bf16, fp16 or fp64 was expected, and \"" + s->dtype +
                       "\" came");
    const auto phrase = attention::parse_phrase(s->phrase);
    attention::check_meaning(phrase, s->causal);
    auto p = s->p;
    check_sizes(p);
    p.dtype = type->second;
    // What a GPU would run can be asked where there is none.
    const auto absent = s->device == "cuda" ? lab::why_no_gpu() : "";
    p.device = absent.empty() ? lab::choose_device(s->device).type() : torch::kCUDA;
    if (p.kv_heads == 0) p.kv_heads = p.heads;
    if (p.keys == 0) p.keys = p.queries;
    p.graph = phrase.graph->facts(s->causal);
    p.ragged = s->ragged;
    p.bias = s->bias;
    const auto rows = attention::candidates(*phrase.fold, phrase.fold_name, p);
    const auto cost = phrase.fold->cost(p);
    if (s->json) {
      Json out = {{"phrase", phrase.canonical},
                  {"flops", cost.flops},
                  {"bytes", cost.bytes},
                  {"kernels", Json::array()}};
      if (!absent.empty()) out["note"] = no_gpu_note(absent);
      for (const auto& row : rows) {
        out["kernels"].push_back({{"name", row.name},
                                  {"can", row.support.ok},
                                  {"why", row.support.why},
                                  {"chosen", row.chosen}});
      }
      std::printf("%s\n", out.dump(2).c_str());
      return;
    }
    std::printf("%s: %s\n", phrase.canonical.c_str(), phrase.fold->equation().c_str());
    for (const auto& row : rows) {
      std::printf("  %-3s %-12s %s\n", row.chosen ? "->" : "", row.name.c_str(),
                  row.support.ok ? (row.chosen ? "runs" : "could run")
                                 : ("no: " + row.support.why).c_str());
    }
    std::printf("  forward: %.3g FLOP, %s at least\n", cost.flops, human_bytes(cost.bytes).c_str());
    if (!absent.empty()) std::printf("  %s\n", no_gpu_note(absent).c_str());
  });
}

void add_doctor(CLI::App& app) {
  auto* command = app.add_subcommand(
      "doctor", "versions, CPU, GPU, and what is missing with the command that mends it");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "JSON for programs");
  command->callback([=] {
    const auto why = lab::why_no_gpu();
    auto rows = lab::environment(torch::kCPU);
    rows.emplace_back("SIMD targets", join(kernels::cpu::supported_targets(), ", "));
    for (auto& [key, value] : rows) {
      if (key == "GPU")
        value = why.empty() ? lab::device_name(lab::choose_device("cuda")) : "no: " + why;
      if (key == "allocator" && value == "C library")
        value +=
            "; large steps on CPUs are faster with tcmalloc; mend: `apt-get install "
            "libgoogle-perftools-dev`, then build again";
    }
#ifdef REGARD_CUDA
    rows.emplace_back("CUDA kernels", "compiled");
#else
    rows.emplace_back("CUDA kernels", "not compiled; mend: install nvcc, then `make cuda`");
#endif
#ifdef REGARD_BATTERY_LACKS
    rows.emplace_back("battery", "left out; mend: `apt-get install " REGARD_BATTERY_LACKS
                                 "`, then configure and build again");
#else
    rows.emplace_back("battery", "yes");
#endif
    const bool plotly = !report::find_plotly().code.empty();
    rows.emplace_back("figures in reports",
                      plotly ? "yes" : "no Plotly bundle; mend: `.venv/bin/pip install plotly`");
    if (*json) {
      Json out;
      for (const auto& [key, value] : rows) out[key] = value;
      std::printf("%s\n", out.dump(2).c_str());
      return;
    }
    for (const auto& [key, value] : rows) std::printf("%-20s %s\n", key.c_str(), value.c_str());
  });
}

}  // namespace regard::cli
