#include "regard/train/checkpoint.hpp"

#include <limits>

#include "regard/base/error.hpp"

namespace regard::train {
namespace {

/// Other metrics than loss and accuracy; a file without them has none.
std::map<std::string, double> scores(const run::State& json, const char* key) {
  std::map<std::string, double> all;
  const auto found = json.find(key);
  if (found == json.end()) return all;
  for (const auto& [name, value] : found->items()) all[name] = number_of(value);
  return all;
}

run::State to_json(const RunState& s) {
  return {{"step", s.step},
          {"position", s.position},
          {"tokens", s.tokens},
          {"evaluated", s.evaluated},
          {"best_step", s.best_step},
          {"best_loss", s.best_loss},
          {"best_accuracy", s.best_accuracy},
          {"valid_loss", s.valid_loss},
          {"valid_accuracy", s.valid_accuracy},
          {"logit_deviation", s.logit_deviation},
          {"best_scores", s.best_scores},
          {"valid_scores", s.valid_scores},
          {"stale", s.stale},
          {"finished", s.finished}};
}

RunState read_state(const run::State& json) {
  RunState s;
  s.step = json.at("step").get<int64_t>();
  s.position = json.at("position").get<int64_t>();
  s.tokens = json.at("tokens").get<int64_t>();
  s.evaluated = json.at("evaluated").get<int64_t>();
  s.best_step = json.at("best_step").get<int64_t>();
  s.best_loss = number_of(json.at("best_loss"));
  s.best_accuracy = number_of(json.at("best_accuracy"));
  s.valid_loss = number_of(json.at("valid_loss"));
  s.valid_accuracy = number_of(json.at("valid_accuracy"));
  if (json.contains("logit_deviation")) s.logit_deviation = number_of(json["logit_deviation"]);
  s.best_scores = scores(json, "best_scores");
  s.valid_scores = scores(json, "valid_scores");
  s.stale = json.at("stale").get<int64_t>();
  s.finished = json.at("finished").get<std::string>();
  return s;
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const NamedTensors& tensors,
                     const RunState& state, const run::Identity& identity, Content content) {
  NamedTensors all;
  for (const auto& entry : tensors) {
    if (content == Content::kEverything || !entry.first.starts_with("optimizer.")) {
      all.push_back(entry);
    }
  }
  if (content == Content::kEverything) {
    all.emplace_back("rng.seed", torch::full({}, identity.seed, torch::kInt64));
    all.emplace_back("rng.step", torch::full({}, state.position, torch::kInt64));
  }
  save_safetensors(path, all, run::to_metadata(to_json(state), identity));
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const run::Identity& identity) {
  auto file = load_safetensors(path);
  const auto state = run::state_of(file.metadata, identity, path);
  try {
    return {read_state(state), std::move(file.tensors)};
  } catch (const nlohmann::json::exception&) {
    throw InputError(path.string() + ": its metadata \"regard\" is damaged");
  }
}

}  // namespace regard::train
