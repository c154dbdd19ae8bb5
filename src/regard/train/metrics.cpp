#include "regard/train/metrics.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::train {

MetricsLog::MetricsLog(std::filesystem::path path, const MetricsMark& mark)
    : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) cut(mark);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw RunError(path_.string() + ": cannot be opened: " + std::strerror(errno));
  }
}

MetricsLog::~MetricsLog() { ::close(descriptor_); }

void MetricsLog::cut(const MetricsMark& mark) {
  const std::string text = read_file(path_);
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    if (end == std::string::npos) break;
    const auto line = nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                                            text.begin() + static_cast<std::ptrdiff_t>(end),
                                            nullptr, /*allow_exceptions=*/false);
    const bool whole =
        line.is_object() && line.contains("step") && line["step"].is_number_integer();
    // Steps rise along the file, so that everything after the first later line is later too.
    if (!whole || line["step"].get<int64_t>() > mark.step) break;
    const bool later_evaluation =
        line.contains("valid_loss") && line["step"].get<int64_t>() > mark.evaluated;
    if (!later_evaluation && (mark.finished || !line.contains("finished"))) {
      kept.append(text, at, end + 1 - at);
      if (line.contains("seconds") && line["seconds"].is_number()) seconds_ = line["seconds"];
      if (line.contains("loss") && line["loss"].is_number()) loss_ = line["loss"];
    }
    at = end + 1;
  }
  if (kept.size() != text.size()) write_atomically(path_, kept);
}

void MetricsLog::write(const std::string& json) {
  const std::string line = json + '\n';
  std::size_t done = 0;
  while (done < line.size()) {
    const auto n = ::write(descriptor_, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw RunError(path_.string() + ": cannot be written: " + std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
}

void MetricsLog::sync() {
  if (::fdatasync(descriptor_) != 0) {
    throw RunError(path_.string() + ": cannot be synced: " + std::strerror(errno));
  }
}

}  // namespace regard::train
