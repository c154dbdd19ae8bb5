#include "regard/run/checkpoint.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "regard/base/error.hpp"

namespace regard::run {
namespace {

constexpr const char* kKey = "regard";
constexpr int64_t kVersion = 1;

/// " (there warmup = 50, here warmup = 20)": the first line that only one of two recipes has; ""
/// without lines.
std::string difference(const std::string& there, const std::string& here) {
  const auto lines = [](const std::string& text) {
    std::vector<std::string> all;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  };
  const auto a = lines(there), b = lines(here);
  if (a.size() < 2 || b.size() < 2) return "";
  const auto lacking = [](const std::vector<std::string>& from,
                          const std::vector<std::string>& in) {
    const auto found = std::find_if(from.begin(), from.end(), [&](const std::string& line) {
      return std::find(in.begin(), in.end(), line) == in.end();
    });
    return found == from.end() ? std::string("nothing for it") : *found;
  };
  return " (there " + lacking(a, b) + ", here " + lacking(b, a) + ")";
}

State checked(const std::string& text, const Identity& identity) {
  const auto json = State::parse(text);
  const auto version = json.at("version").get<int64_t>();
  if (version != kVersion) {
    throw InputError("it has format version " + std::to_string(version) + ", and " +
                     std::to_string(kVersion) + " is expected");
  }
  if (json.at("recipe").get<std::string>() != identity.recipe) {
    throw InputError("it is a checkpoint of another recipe" +
                     difference(json["recipe"].get<std::string>(), identity.recipe) +
                     "; choose another folder, or begin anew");
  }
  if (json.at("seed").get<int64_t>() != identity.seed) {
    throw InputError("it was made with seed " + std::to_string(json["seed"].get<int64_t>()) +
                     ", and " + std::to_string(identity.seed) + " is asked for");
  }
  return json;
}

}  // namespace

Metadata to_metadata(const State& state, const Identity& identity) {
  State json = {{"version", kVersion}};
  json.update(state);
  json["seed"] = identity.seed;
  json["recipe"] = identity.recipe;
  Metadata metadata = identity.notes;
  metadata[kKey] = json.dump();
  return metadata;
}

State state_of(const Metadata& metadata, const Identity& identity,
               const std::filesystem::path& path) {
  const auto found = metadata.find(kKey);
  if (found == metadata.end()) {
    throw InputError(path.string() + ": not a checkpoint of regard: no metadata \"regard\"");
  }
  try {
    return checked(found->second, identity);
  } catch (const nlohmann::json::exception&) {
    throw InputError(path.string() + ": its metadata \"regard\" is damaged");
  } catch (const InputError& error) {
    throw InputError(path.string() + ": " + error.what());
  }
}

void save_checkpoint(const std::filesystem::path& path, const Arrays& arrays, const State& state,
                     const Identity& identity) {
  save_arrays(path, arrays, to_metadata(state, identity));
}

Checkpoint load_checkpoint(const std::filesystem::path& path, const Identity& identity) {
  auto file = load_arrays(path);
  return {std::move(file.arrays), state_of(file.metadata, identity, path)};
}

}  // namespace regard::run
