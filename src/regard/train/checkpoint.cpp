#include "regard/train/checkpoint.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "regard/base/error.hpp"

namespace regard::train {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kKey = "regard";

/// JSON has no NaN: it becomes null, and null becomes NaN again.
double number(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

std::string to_json(const RunState& s, const RunIdentity& identity) {
  return Json{{"version", kCheckpointVersion},
              {"step", s.step},
              {"position", s.position},
              {"tokens", s.tokens},
              {"evaluated", s.evaluated},
              {"best_step", s.best_step},
              {"best_loss", s.best_loss},
              {"best_accuracy", s.best_accuracy},
              {"valid_loss", s.valid_loss},
              {"valid_accuracy", s.valid_accuracy},
              {"logit_deviation", s.logit_deviation},
              {"stale", s.stale},
              {"finished", s.finished},
              {"seed", identity.seed},
              {"recipe", identity.recipe}}
      .dump();
}

RunState read_state(const Json& json) {
  RunState s;
  s.step = json.at("step").get<int64_t>();
  s.position = json.at("position").get<int64_t>();
  s.tokens = json.at("tokens").get<int64_t>();
  s.evaluated = json.at("evaluated").get<int64_t>();
  s.best_step = json.at("best_step").get<int64_t>();
  s.best_loss = number(json.at("best_loss"));
  s.best_accuracy = number(json.at("best_accuracy"));
  s.valid_loss = number(json.at("valid_loss"));
  s.valid_accuracy = number(json.at("valid_accuracy"));
  if (json.contains("logit_deviation")) s.logit_deviation = number(json["logit_deviation"]);
  s.stale = json.at("stale").get<int64_t>();
  s.finished = json.at("finished").get<std::string>();
  return s;
}

RunState checked_state(const std::string& text, const RunIdentity& identity) {
  try {
    const Json json = Json::parse(text);
    const auto version = json.at("version").get<int64_t>();
    if (version != kCheckpointVersion) {
      throw InputError("it has format version " + std::to_string(version) + ", and " +
                       std::to_string(kCheckpointVersion) + " is expected");
    }
    if (json.at("recipe").get<std::string>() != identity.recipe) {
      throw InputError(
          "it is a checkpoint of another recipe; choose another folder, or train anew");
    }
    if (json.at("seed").get<int64_t>() != identity.seed) {
      throw InputError("it was trained with seed " + std::to_string(json["seed"].get<int64_t>()) +
                       ", and " + std::to_string(identity.seed) + " is asked for");
    }
    return read_state(json);
  } catch (const nlohmann::json::exception&) {
    throw InputError("its metadata \"regard\" is damaged");
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const NamedTensors& tensors,
                     const RunState& state, const RunIdentity& identity, Content content) {
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
  Metadata metadata = identity.notes;
  metadata[kKey] = to_json(state, identity);
  save_safetensors(path, all, metadata);
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const RunIdentity& identity) {
  auto file = load_safetensors(path);
  const auto found = file.metadata.find(kKey);
  if (found == file.metadata.end()) {
    throw InputError(path.string() + ": not a checkpoint of regard: no metadata \"regard\"");
  }
  try {
    return {checked_state(found->second, identity), std::move(file.tensors)};
  } catch (const InputError& error) {
    throw InputError(path.string() + ": " + error.what());
  }
}

}  // namespace regard::train
