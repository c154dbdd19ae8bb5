// The files of a run: written by `train`, read by everything that uses it.

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/docgraph/models/run.hpp"
#include "regard/train/restore.hpp"

namespace regard::docgraph {
namespace {
namespace fs = std::filesystem;

constexpr const char* kDescription = "docgraph.json";

Json read_json(const fs::path& path) {
  auto json = Json::parse(read_file(path), nullptr, false);
  if (!json.is_object())
    throw InputError(path.string() + ": a JSON object of `regard docgraph train` was expected");
  return json;
}

void save_encoder(const Encoder& encoder, const fs::path& folder) {
  const auto state = encoder.state();
  const Json json = {
      {"kind", state.kind}, {"width", state.width}, {"seed", state.seed}, {"words", state.words}};
  write_atomically(folder / "encoder.json", json.dump() + "\n");
  if (!state.arrays.empty()) run::save_arrays(folder / "encoder.safetensors", state.arrays, {});
}

std::shared_ptr<const Encoder> load_encoder(const fs::path& folder) {
  const auto path = folder / "encoder.json";
  const auto json = read_json(path);
  EncoderState state;
  try {
    state.kind = json.at("kind").get<std::string>();
    state.width = json.at("width").get<int64_t>();
    state.seed = json.at("seed").get<int64_t>();
    state.words = json.at("words").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    throw InputError(path.string() + ": kind, width, seed and words of an encoder were expected");
  }
  if (state.kind == "lsa") state.arrays = run::load_arrays(folder / "encoder.safetensors").arrays;
  return make_encoder(state);
}

}  // namespace

void TrainedGraphs::save(const fs::path& folder) const {
  auto written = spec;
  write_atomically(folder / "recipe.toml", run::to_toml(written.tables()));
  if (encoder) save_encoder(*encoder, folder);
  train::NamedTensors tensors = named_tensors(graph_net->model(), "graph.");
  if (attention) {
    for (auto& item : named_tensors(*attention, "attention.")) tensors.push_back(std::move(item));
  }
  train::save_safetensors(folder / "model.safetensors", tensors, {{"kind", "docgraph"}});
  const Json json = {{"kind", "docgraph"},
                     {"classes", classes},
                     {"width", width},
                     {"scale", scale},
                     {"encoder", encoder != nullptr}};
  write_atomically(folder / kDescription, json.dump(1) + "\n");
}

TrainedGraphs TrainedGraphs::load(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw InputError(folder.string() + ": no such run folder");
  const auto path = folder / kDescription;
  if (!fs::exists(path)) {
    const bool other = fs::exists(folder / "recipe.toml");
    throw InputError(folder.string() + ": a run of `regard docgraph train` was expected, and " +
                     (other ? "a run of another command came" : "there is no docgraph.json"));
  }
  const auto json = read_json(path);
  TrainedGraphs model;
  bool own = false;
  try {
    model.classes = json.at("classes").get<std::vector<std::string>>();
    model.width = json.at("width").get<int64_t>();
    model.scale = json.at("scale").get<double>();
    own = json.at("encoder").get<bool>();
  } catch (const Json::exception&) {
    throw InputError(path.string() + ": classes, width, scale and encoder were expected");
  }
  if (model.classes.size() < 2 || model.width < 1)
    throw InputError(path.string() + ": at least 2 classes and a width were expected");
  run::read_recipe(folder / "recipe.toml", model.spec.tables());
  if (own) model.encoder = load_encoder(folder);
  const auto file = train::load_safetensors(folder / "model.safetensors");
  const auto classes = static_cast<int64_t>(model.classes.size());
  const auto graph = parse_graph(model.spec.graph);
  model.spec.attention.check(model.width);
  model.spec.gat.check();
  if (graph.learned()) {
    model.attention = std::make_shared<AttentionNet>(model.spec.attention, model.width, classes, 0);
    load_tensors(*model.attention, "attention.", file.tensors);
    model.attention->eval();
  }
  model.graph_net =
      std::make_shared<GraphNet>(model.spec.gat, model.width, classes, pairs_of(graph), 0);
  load_tensors(model.graph_net->model(), "graph.", file.tensors);
  model.graph_net->model().eval();
  return model;
}

}  // namespace regard::docgraph
