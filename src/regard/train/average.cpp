#include "regard/train/average.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "regard/train/safetensors.hpp"

namespace regard::train {
namespace fs = std::filesystem;

namespace {

// The step of step-<step>.safetensors; -1 for another file.
int64_t step_of(const fs::path& path) {
  const auto name = path.stem().string();
  const std::string front = "step-";
  if (path.extension() != ".safetensors" || !name.starts_with(front)) return -1;
  int64_t step = -1;
  const auto* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + front.size(), end, step);
  return error == std::errc() && at == end ? step : -1;
}

}  // namespace

int64_t average_checkpoints(const fs::path& folder, int64_t count) {
  std::vector<std::pair<int64_t, fs::path>> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const auto step = step_of(entry.path()); step >= 0) files.emplace_back(step, entry.path());
  }
  std::sort(files.rbegin(), files.rend());
  if (static_cast<int64_t>(files.size()) > count) files.resize(static_cast<std::size_t>(count));
  if (files.empty()) return 0;
  NamedTensors sums;
  run::Metadata metadata;
  for (const auto& [step, path] : files) {
    const auto file = load_safetensors(path);
    if (metadata.empty()) metadata = file.metadata;
    std::size_t at = 0;
    for (const auto& [name, tensor] : file.tensors) {
      if (!name.starts_with("model.") && !name.starts_with("ema.")) continue;
      if (path == files.front().second) {
        sums.emplace_back(name, tensor.is_floating_point() ? tensor.to(torch::kDouble) : tensor);
      } else if (tensor.is_floating_point()) {
        sums[at].second.add_(tensor);
      }
      ++at;
    }
  }
  for (auto& [name, sum] : sums) {
    if (sum.is_floating_point()) sum = (sum / static_cast<double>(files.size())).to(torch::kFloat);
  }
  save_safetensors(folder / "average.safetensors", sums, metadata);
  return static_cast<int64_t>(files.size());
}

}  // namespace regard::train
