#include "regard/lab/comparison_jobs.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/json.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/train_run.hpp"
#include "regard/run/jobs.hpp"
#include "regard/run/progress.hpp"

namespace regard::lab {
namespace fs = std::filesystem;

namespace {

// The last line of a run's metrics: where it stands. Only the end of the file is read.
Json progress_of(const fs::path& folder) {
  std::ifstream in(folder / "metrics.jsonl", std::ios::ate);
  if (!in) return Json::object();
  constexpr std::streamoff kTail = 4096;
  in.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(in.tellg()) - kTail));
  std::string line, last;
  while (std::getline(in, line)) {
    if (line.starts_with('{') && line.ends_with('}')) last = line;
  }
  const auto json = Json::parse(last, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string last_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line, last;
  while (std::getline(in, line)) {
    if (!trim(line).empty()) last = trim(line);
  }
  return last;
}

// The measure that decides, where it is neither loss nor accuracy: "bleu 40.12, ".
std::string deciding_score(const RunResult& r) {
  const auto measure = data::find_task(r.task).metrics().front();
  const auto found = r.outcome.best_scores.find(measure.name);
  if (found == r.outcome.best_scores.end()) return "";
  char text[64];
  std::snprintf(text, sizeof text, "%s %.2f, ", measure.name.c_str(),
                (measure.percent ? 100 : 1) * found->second);
  return text;
}

class Runner {
 public:
  Runner(const Recipe& recipe, const fs::path& folder, const std::vector<Job>& jobs,
         const JobPlan& plan)
      : recipe_(recipe), total_(jobs.size()), plan_(plan) {
    for (const auto& job : jobs) {
      if (is_finished(job.folder)) {
        ++done_;
        continue;
      }
      missing_.push_back(job);
      processes_.push_back({arguments_of(job, folder), job.folder / "log.txt"});
    }
    start_ = done_;
  }

  void run() {
    if (done_ > 0) std::fprintf(stderr, "%zu of %zu runs are finished already\n", done_, total_);
    run::run_jobs(
        processes_, plan_.parallel,
        {.starts = [&](std::size_t i) { prepare(missing_[i].folder); },
         .ended = [&](std::size_t i, int code) { finish(missing_[i], code); },
         .running = [&](const auto& now) { show(now); },
         .stopping = [&] { line_.keep("stopping; the same command goes on from here"); }});
    line_.keep(std::to_string(done_) + " runs are done" +
               (failed_ > 0 ? ", " + std::to_string(failed_) + " failed" : ""));
    if (failed_ > 0 && done_ == 0)
      throw RunError("compare: every run failed; the last said: " + last_error_);
  }

 private:
  std::vector<std::string> arguments_of(const Job& job, const fs::path& folder) const {
    std::vector<std::string> arguments = {"train",       (folder / "recipe.toml").string(),
                                          "--attention", job.phrase,
                                          "--seed",      std::to_string(job.seed),
                                          "--out",       job.folder.string(),
                                          "--resume",    "--no-report",
                                          "--baseline",  "off",
                                          "--threads",   std::to_string(plan_.threads)};
    if (job.mlp > 0) {
      arguments.push_back("--set");
      arguments.push_back("model.mlp=" + std::to_string(job.mlp));
    }
    if (job.no_weight_dropout) {
      arguments.push_back("--set");
      arguments.push_back("model.attention_dropout=0");
    }
    return arguments;
  }

  static void prepare(const fs::path& folder) {
    make_directory(folder);
    std::error_code ignored;
    fs::remove(folder / "error.txt", ignored);
  }

  void finish(const Job& job, int code) {
    const std::string name = job.phrase + " seed " + std::to_string(job.seed);
    if (code == 0 && is_finished(job.folder)) {
      ++done_;
      const auto r = read_result(job.folder);
      char text[96];
      std::snprintf(text, sizeof text, ": validation loss %.4f, accuracy %.2f %%, ",
                    r.outcome.best_loss, 100 * r.outcome.best_accuracy);
      line_.keep(name + text + deciding_score(r) + human_seconds(r.outcome.seconds));
      return;
    }
    ++failed_;
    last_error_ = last_line(job.folder / "log.txt");
    write_atomically(job.folder / "error.txt", last_error_);
    line_.keep(name + " failed (exit code " + std::to_string(code) + "): " + last_error_);
  }

  void show(const std::vector<std::size_t>& running) {
    double part = 0;
    std::string names;
    for (const auto i : running) {
      const auto at = progress_of(missing_[i].folder);
      const auto step = at.value("step", int64_t{0});
      const double whole =
          plan_.steps > 0 ? static_cast<double>(plan_.steps) : recipe_.train.seconds;
      part += std::min(
          1.0, (plan_.steps > 0 ? static_cast<double>(step) : at.value("seconds", 0.0)) / whole);
      names += (names.empty() ? "" : ", ") + missing_[i].phrase + " seed " +
               std::to_string(missing_[i].seed) + " step " + std::to_string(step);
    }
    const double total = static_cast<double>(total_), start = static_cast<double>(start_);
    const double done = static_cast<double>(done_ + failed_) + part;
    const double left = done - start > 0.02
                            ? run::seconds_left(done / total, start / total, seconds_now() - began_)
                            : -1;
    char head[64];
    std::snprintf(head, sizeof head, "%4.1f of %.0f runs, ", done, total);
    const auto line =
        head + (left < 0 ? "estimating" : human_seconds(left) + " left") + "; " + names;
    line_.show(done / total, line.substr(0, 110));
  }

  const Recipe& recipe_;
  std::vector<Job> missing_;
  std::vector<run::Job> processes_;  // of the missing runs
  std::size_t total_, start_ = 0, done_ = 0, failed_ = 0;
  JobPlan plan_;
  double began_ = seconds_now();
  run::ProgressLine line_{0};  // a log gets a line every half minute
  std::string last_error_;
};

}  // namespace

void run_jobs(const Recipe& recipe, const fs::path& folder, const std::vector<Job>& jobs,
              const JobPlan& plan) {
  Runner(recipe, folder, jobs, plan).run();
}

}  // namespace regard::lab
