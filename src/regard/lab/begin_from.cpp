#include "regard/lab/begin_from.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "regard/base/error.hpp"
#include "regard/base/text.hpp"

namespace regard::lab {
namespace {

constexpr std::string_view kPhrase = "{phrase}";

std::string folder_for(const Recipe& recipe) {
  auto folder = recipe.model.from;
  for (auto at = folder.find(kPhrase); at != std::string::npos; at = folder.find(kPhrase)) {
    folder.replace(at, kPhrase.size(), recipe.phrase_text());
  }
  return folder;
}

// Those that make the trunk; a head may differ.
bool is_of_trunk(const std::string& key) {
  static const std::set<std::string> heads = {
      "kind", "pooling", "head_hidden", "tie", "head_activation", "label_smoothing", "from"};
  return heads.count(key) == 0;
}

// [model] and [attention] of the run, where the recipe names nothing else.
void take_sizes(Recipe& recipe, Recipe base) {
  const auto named = [&](const std::string& key) { return recipe.named.count(key) > 0; };
  for (const auto& field : fields([&](Visitor& f) { base.model.visit(f); })) {
    if (!is_of_trunk(field.name) || named("model." + field.name)) continue;
    run::set_option(recipe.tables(), "model", field.name, field.value, "[model] from");
  }
  const bool phrase = named("attention.phrase") || named("attention.layers") ||
                      named("attention.projection") || named("attention.graph") ||
                      named("attention.fold") || !recipe.compare.attention.empty() ||
                      recipe.model.from.find(kPhrase) != std::string::npos;
  if (!phrase) recipe.attention = base.attention;
}

void refuse(const std::string& folder, const std::string& what, const std::string& has,
            const std::string& came) {
  throw InputError("--from " + folder + ": " + what + " " + has +
                   " was expected, which that run has, and " + came + " came");
}

void check_vocabulary(const Recipe& recipe, const TrainedRun& run, const std::string& folder) {
  const auto& asked = recipe.data.tokenizer;
  const auto& has = *run.encoding.tokenizer;
  if (!asked.vocabulary_file.empty()) {
    auto spec = asked;
    spec.tokenizer = "wordpiece";
    const auto given = data::make_tokenizer(spec, data::Examples());
    if (given->to_json() != has.to_json())
      refuse(folder, "the vocabulary of " + has.name(),
             std::to_string(has.vocabulary()) + " pieces",
             asked.vocabulary_file + " with " + std::to_string(given->vocabulary()));
    return;
  }
  if (asked.tokenizer == "auto") return;
  if (asked.tokenizer != has.name()) refuse(folder, "the tokenizer", has.name(), asked.tokenizer);
  // A vocabulary counts other things in a tokenizer of words.
  const bool pieces = has.name().ends_with("piece");
  if (pieces && recipe.named.count("data.vocabulary") > 0 && asked.vocabulary < has.vocabulary())
    refuse(folder, "a vocabulary of", std::to_string(has.vocabulary()),
           std::to_string(asked.vocabulary));
}

std::string listed(const std::set<std::string>& names) {
  if (names.empty()) return "nothing";
  return join(std::vector<std::string>(names.begin(), names.end()), ", ");
}

// "trunk.block3.attention" of one of its weights: enough to know what it is.
std::string part_of(const std::string& name) {
  auto part = name.substr(0, name.rfind('.'));
  for (const char* inner : {".attention.", ".mlp."}) {
    const auto at = part.find(inner);
    if (at != std::string::npos) part = part.substr(0, at + std::string_view(inner).size() - 1);
  }
  return part == "trunk" || name.find('.') == std::string::npos ? name : part;
}

}  // namespace

std::optional<BeginFrom> BeginFrom::open(Recipe& recipe) {
  if (recipe.model.from.empty()) return std::nullopt;
  const auto folder = folder_for(recipe);
  TrainedRun run;
  try {
    run = open_run(folder, "cpu");
  } catch (const InputError& error) {
    throw InputError(std::string("--from: ") + error.what());
  }
  if (!run.encoding.tokenizer) {
    throw InputError("--from " + folder + ": a run on texts was expected, and it is none");
  }
  const auto width = run.recipe.model.trunk.width;
  if (recipe.named.count("model.width") > 0 && recipe.model.trunk.width != width) {
    refuse(folder, "width", std::to_string(width), std::to_string(recipe.model.trunk.width));
  }
  check_vocabulary(recipe, run, folder);
  take_sizes(recipe, run.recipe);
  return BeginFrom(std::move(run), folder);
}

data::Begun BeginFrom::begun() const {
  return {run_.encoding.tokenizer, run_.encoding.max_length, run_.encoding.framed};
}

std::string BeginFrom::give(models::Model& model) const {
  const torch::NoGradGuard guard;
  std::map<std::string, torch::Tensor> have;
  for (const auto& item : run_.model->named_parameters()) have.emplace(item.key(), item.value());
  std::set<std::string> fresh, left;
  int64_t taken = 0, numbers = 0;
  for (const auto& item : model.named_parameters()) {
    const auto& name = item.key();
    auto into = item.value();
    const auto found = have.find(name);
    if (found == have.end()) {
      fresh.insert(part_of(name));
      continue;
    }
    auto from = found->second;
    have.erase(found);
    if (name == "trunk.positions" && from.size(0) >= into.size(0) && from.size(1) == into.size(1)) {
      from = from.narrow(0, 0, into.size(0));
    }
    if (from.sizes() != into.sizes()) {
      if (name == "trunk.positions" || name == "trunk.embed.tokens") {
        refuse(folder_, name, "of at most " + std::to_string(from.size(0)) + " rows",
               std::to_string(into.size(0)));
      }
      fresh.insert(part_of(name));
      left.insert(part_of(name));
      continue;
    }
    into.copy_(from);
    ++taken;
    numbers += into.numel();
  }
  for (const auto& [name, tensor] : have) left.insert(part_of(name));
  return "from " + folder_ + ": " + std::to_string(taken) + " weights with " +
         std::to_string(numbers) + " numbers are taken; left there: " + listed(left) +
         "; made fresh: " + listed(fresh);
}

}  // namespace regard::lab
