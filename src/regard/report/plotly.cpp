#include "regard/report/plotly.hpp"

#include <cstdlib>
#include <system_error>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"

namespace regard::report {
namespace fs = std::filesystem;
namespace {

constexpr int kFoldersAbove =
    4;  // build/bin/regard lies two below the source tree, a preset's folder three

void add_environments_of(const fs::path& folder, std::vector<fs::path>& places) {
  std::error_code error;
  for (fs::directory_iterator it(folder / ".venv" / "lib", error), end; !error && it != end;
       it.increment(error)) {
    if (it->path().filename().string().starts_with("python3")) {
      places.push_back(it->path() / "site-packages/plotly/package_data/plotly.min.js");
    }
  }
}

}  // namespace

std::vector<fs::path> plotly_places() {
  if (const char* given = std::getenv("REGARD_PLOTLY"); given != nullptr && *given != '\0')
    return {given};
  std::vector<fs::path> places;
#ifdef REGARD_PLOTLY_BUNDLE
  places.emplace_back(REGARD_PLOTLY_BUNDLE);
#endif
  std::error_code error;
  const auto program = fs::read_symlink("/proc/self/exe", error);
  if (error) return places;
  places.push_back(program.parent_path().parent_path() / "share/regard/plotly.min.js");
  auto folder = program.parent_path();
  for (int i = 0; i < kFoldersAbove && folder != folder.root_path(); ++i) {
    folder = folder.parent_path();
    add_environments_of(folder, places);
  }
  return places;
}

Plotly find_plotly() {
  std::vector<std::string> tried;
  for (const auto& place : plotly_places()) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) {
      try {
        return {read_file(place), ""};
      } catch (const InputError&) {
        // Not readable: the next place may be, and the sentence below names this one.
      }
    }
    tried.push_back(place.string());
  }
  return {"", "plotly.min.js was not found" +
                  (tried.empty() ? std::string() : " (tried " + join(tried, ", ") + ")") +
                  "; `pip install plotly` brings it, and REGARD_PLOTLY may name its path"};
}

}  // namespace regard::report
