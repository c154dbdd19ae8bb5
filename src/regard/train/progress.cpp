#include "regard/train/progress.hpp"

#include <cmath>
#include <cstdio>
#include <utility>

#include "regard/base/text.hpp"
#include "regard/run/progress.hpp"
#include "regard/train/learner.hpp"

namespace regard::train {
namespace {

std::string line_of(const std::string& title, const Progress& p) {
  std::string line = title.empty() ? "" : title + "  ";
  line += "step " + std::to_string(p.step);
  if (p.steps > 0) line += "/" + std::to_string(p.steps);
  line += formatted(p.loss, "  loss %.4f");
  for (const auto& [name, value] : p.losses) line += "  " + name + formatted(value, " %.4f");
  if (p.event != Progress::Event::kLog && !std::isnan(p.valid_loss)) {
    line +=
        formatted(p.valid_loss, "  valid %.4f") + formatted(p.valid_accuracy, "  accuracy %.4f");
    for (const auto& [name, value] : p.valid_scores)
      line += "  " + name + formatted(value, " %.4f");
    if (same_answer(p.logit_deviation)) line += "  the same answer for every example";
  }
  line += "  " + formatted(p.tokens_per_second, "%.0f") + " tokens/s  " + human_seconds(p.seconds);
  if (p.seconds_left >= 0 && p.event != Progress::Event::kEnd) {
    line += ", " + human_seconds(p.seconds_left) + " left";
  }
  return line;
}

class Console {
 public:
  explicit Console(std::string title) : title_(std::move(title)) {}
  void show(const Progress& p) {
    // A run that ends with an evaluation has said it all.
    if (p.event == Progress::Event::kEnd && p.step == lasting_step_) return;
    const std::string line = line_of(title_, p);
    if (p.event == Progress::Event::kLog) return line_.show(p.fraction, line);
    lasting_step_ = p.step;
    line_.keep(line);
  }

 private:
  std::string title_;
  int64_t lasting_step_ = -1;
  run::ProgressLine line_;
};

}  // namespace

ProgressCallback console_progress(const std::string& title) {
  return [console = std::make_shared<Console>(title)](const Progress& p) { console->show(p); };
}

}  // namespace regard::train
