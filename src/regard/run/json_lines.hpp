// A file of JSON lines that a run appends to, and that is cut back to its checkpoint before it goes
// on.
//
//   {"step": 10, "loss": 2.1}
//   {"step": 20, "loss": 1.9}
//
// A killed run may have written past its last checkpoint, or half a line. Both go, so that a run
// which was killed and resumed leaves the lines of one that was not.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace regard::run {

class JsonLines {
 public:
  enum class Cut { kKeep, kDrop, kEnd };  // kEnd: this line and all after it go
  using Judge = std::function<Cut(const nlohmann::json& line)>;

  /// Opens the file for appending, after cutting it back to what `judge` keeps of its whole lines.
  /// A line that is no JSON object ends what is kept. RunError when the file cannot be opened or
  /// written.
  JsonLines(std::filesystem::path path, const Judge& judge);
  ~JsonLines();
  JsonLines(const JsonLines&) = delete;
  JsonLines& operator=(const JsonLines&) = delete;

  /// Keeps the lines whose whole number `key` is at most `last`; the numbers rise along the file.
  static Judge up_to(const std::string& key, int64_t last);

  /// Appends one JSON object in one write; RunError when it cannot be written.
  void write(const std::string& json);
  /// Returns when all lines are on the disk: before a checkpoint that counts on them.
  void sync();

 private:
  void cut(const Judge& judge);
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace regard::run
