#include "regard/train/progress.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <utility>

#include "regard/base/clock.hpp"
#include "regard/base/text.hpp"
#include "regard/train/learner.hpp"

namespace regard::train {
namespace {

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string line_of(const std::string& title, const Progress& p) {
  std::string line = title.empty() ? "" : title + "  ";
  line += "step " + std::to_string(p.step);
  if (p.steps > 0) line += "/" + std::to_string(p.steps);
  line += format("  loss %.4f", p.loss);
  if (p.event != Progress::Event::kLog && !std::isnan(p.valid_loss)) {
    line += format("  valid %.4f", p.valid_loss) + format("  accuracy %.4f", p.valid_accuracy);
    if (same_answer(p.logit_deviation)) line += "  the same answer for every example";
  }
  line += "  " + format("%.0f", p.tokens_per_second) + " tokens/s  " + human_seconds(p.seconds);
  if (p.seconds_left >= 0 && p.event != Progress::Event::kEnd) {
    line += ", " + human_seconds(p.seconds_left) + " left";
  }
  return line;
}

class Console {
 public:
  explicit Console(std::string title) : title_(std::move(title)), terminal_(::isatty(2) == 1) {}
  void show(const Progress& p) {
    const bool lasting = p.event != Progress::Event::kLog;
    if (!terminal_ && !lasting && !due(p)) return;
    // A run that ends with an evaluation has said it all.
    if (p.event == Progress::Event::kEnd && p.step == lasting_step_) return;
    if (lasting) lasting_step_ = p.step;
    const std::string line = line_of(title_, p);
    // \033[K clears what a longer line left behind.
    std::fprintf(stderr, terminal_ ? "\r%s\033[K%s" : "%s%s", line.c_str(),
                 terminal_ && !lasting ? "" : "\n");
    std::fflush(stderr);
    shown_fraction_ = p.fraction;
    shown_at_ = seconds_now();
  }

 private:
  bool due(const Progress& p) const {
    return p.fraction >= shown_fraction_ + 0.1 && seconds_now() >= shown_at_ + 30;
  }
  std::string title_;
  bool terminal_;
  int64_t lasting_step_ = -1;
  double shown_fraction_ = 0;
  double shown_at_ = seconds_now();
};

}  // namespace

ProgressCallback console_progress(const std::string& title) {
  return [console = std::make_shared<Console>(title)](const Progress& p) { console->show(p); };
}

}  // namespace regard::train
