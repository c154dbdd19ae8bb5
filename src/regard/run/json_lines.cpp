#include "regard/run/json_lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "regard/base/error.hpp"
#include "regard/base/files.hpp"

namespace regard::run {

JsonLines::JsonLines(std::filesystem::path path, const Judge& judge) : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) cut(judge);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw RunError(path_.string() + ": cannot be opened: " + std::strerror(errno));
  }
}

JsonLines::~JsonLines() { ::close(descriptor_); }

JsonLines::Judge JsonLines::up_to(const std::string& key, int64_t last) {
  return [key, last](const nlohmann::json& line) {
    const auto found = line.find(key);
    const bool whole = found != line.end() && found->is_number_integer();
    return whole && found->get<int64_t>() <= last ? Cut::kKeep : Cut::kEnd;
  };
}

void JsonLines::cut(const Judge& judge) {
  const std::string text = read_file(path_);
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    if (end == std::string::npos) break;
    const auto line = nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                                            text.begin() + static_cast<std::ptrdiff_t>(end),
                                            nullptr, /*allow_exceptions=*/false);
    const auto verdict = line.is_object() ? judge(line) : Cut::kEnd;
    if (verdict == Cut::kEnd) break;
    if (verdict == Cut::kKeep) kept.append(text, at, end + 1 - at);
    at = end + 1;
  }
  if (kept.size() != text.size()) write_atomically(path_, kept);
}

void JsonLines::write(const std::string& json) {
  const std::string line = json + '\n';
  std::size_t done = 0;
  while (done < line.size()) {
    const auto n = ::write(descriptor_, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw RunError(path_.string() + ": cannot be written: " + std::strerror(errno));
    done += static_cast<std::size_t>(n);
  }
}

void JsonLines::sync() {
  if (::fdatasync(descriptor_) != 0) {
    throw RunError(path_.string() + ": cannot be synced: " + std::strerror(errno));
  }
}

}  // namespace regard::run
