#include "regard/lab/comparison_jobs.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "regard/base/clock.hpp"
#include "regard/base/error.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/processes.hpp"
#include "regard/lab/train_run.hpp"
#include "regard/train/signals.hpp"

namespace regard::lab {
namespace fs = std::filesystem;
using Json = nlohmann::json;

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

// One line on a terminal, written over; else a plain line now and then.
class Board {
 public:
  Board(std::size_t total, std::size_t done)
      : total_(static_cast<double>(total)), start_(static_cast<double>(done)) {}
  void show(double done, const std::string& running) {
    const double elapsed = seconds_now() - began_;
    const double gained = done - start_;
    const std::string left =
        gained > 0.02 ? human_seconds(elapsed / gained * (total_ - done)) + " left" : "estimating";
    char head[64];
    std::snprintf(head, sizeof head, "%4.1f of %.0f runs, ", done, total_);
    const std::string line = head + left + "; " + running;
    if (terminal_) {
      std::fprintf(stderr, "\r\033[K%s", line.substr(0, 110).c_str());
      std::fflush(stderr);
    } else if (seconds_now() - last_ > 30) {
      std::fprintf(stderr, "%s\n", line.c_str());
      last_ = seconds_now();
    }
  }
  void end_line(const std::string& line) {
    std::fprintf(stderr, "%s%s\n", terminal_ ? "\r\033[K" : "", line.c_str());
  }

 private:
  double total_, start_, began_ = seconds_now(), last_ = seconds_now();
  bool terminal_ = ::isatty(2) != 0;
};

std::string last_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line, last;
  while (std::getline(in, line)) {
    if (!trim(line).empty()) last = trim(line);
  }
  return last;
}

class Runner {
 public:
  Runner(const Recipe& recipe, const fs::path& folder, std::vector<Job> jobs, const JobPlan& plan)
      : recipe_(recipe), folder_(folder), total_(jobs.size()), plan_(plan) {
    for (auto& job : jobs) {
      if (is_finished(job.folder)) {
        ++done_;
      } else {
        waiting_.push_back(std::move(job));
      }
    }
  }

  void run() {
    if (done_ > 0) std::fprintf(stderr, "%zu of %zu runs are finished already\n", done_, total_);
    const train::SignalScope signals;
    Board board(total_, done_);
    while (!waiting_.empty() || !running_.empty()) {
      if (const int signal = train::SignalScope::caught(); signal != 0) {
        std::vector<pid_t> pids;
        for (const auto& [pid, job] : running_) pids.push_back(pid);
        board.end_line("stopping; the same command goes on from here");
        stop_all(pids);
        throw Interrupted(signal);
      }
      while (!waiting_.empty() && static_cast<int64_t>(running_.size()) < plan_.parallel)
        start_next();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      while (true) {
        const auto ended = poll_ended();
        if (ended.pid == 0) break;
        finish(ended, board);
      }
      show(board);
    }
    board.end_line(std::to_string(done_) + " runs are done" +
                   (failed_ > 0 ? ", " + std::to_string(failed_) + " failed" : ""));
    if (failed_ > 0 && done_ == 0)
      throw RunError("compare: every run failed; the last said: " + last_error_);
  }

 private:
  void start_next() {
    auto job = waiting_.front();
    waiting_.pop_front();
    make_directory(job.folder);
    std::error_code ignored;
    fs::remove(job.folder / "error.txt", ignored);
    std::vector<std::string> arguments = {"train",       (folder_ / "recipe.toml").string(),
                                          "--attention", job.phrase,
                                          "--seed",      std::to_string(job.seed),
                                          "--out",       job.folder.string(),
                                          "--resume",    "--no-report",
                                          "--threads",   std::to_string(plan_.threads)};
    if (job.mlp > 0) {
      arguments.push_back("--set");
      arguments.push_back("model.mlp=" + std::to_string(job.mlp));
    }
    const auto pid = start_self(arguments, job.folder / "log.txt");
    running_.emplace(pid, job);
  }

  void finish(const Ended& ended, Board& board) {
    const auto found = running_.find(ended.pid);
    if (found == running_.end()) return;
    const auto job = found->second;
    running_.erase(found);
    const std::string name = job.phrase + " seed " + std::to_string(job.seed);
    if (ended.code == 0 && is_finished(job.folder)) {
      ++done_;
      const auto r = read_result(job.folder);
      char text[96];
      std::snprintf(text, sizeof text, ": validation loss %.4f, accuracy %.2f %%, ",
                    r.outcome.best_loss, 100 * r.outcome.best_accuracy);
      board.end_line(name + text + human_seconds(r.outcome.seconds));
      return;
    }
    ++failed_;
    last_error_ = last_line(job.folder / "log.txt");
    write_atomically(job.folder / "error.txt", last_error_);
    board.end_line(name + " failed (exit code " + std::to_string(ended.code) + "): " + last_error_);
  }

  void show(Board& board) {
    double part = 0;
    std::string names;
    for (const auto& [pid, job] : running_) {
      const auto at = progress_of(job.folder);
      const auto step = at.value("step", int64_t{0});
      const double whole =
          plan_.steps > 0 ? static_cast<double>(plan_.steps) : recipe_.train.seconds;
      part += std::min(
          1.0, (plan_.steps > 0 ? static_cast<double>(step) : at.value("seconds", 0.0)) / whole);
      names += (names.empty() ? "" : ", ") + job.phrase + " seed " + std::to_string(job.seed) +
               " step " + std::to_string(step);
    }
    board.show(static_cast<double>(done_ + failed_) + part, names);
  }

  const Recipe& recipe_;
  fs::path folder_;
  std::size_t total_, done_ = 0, failed_ = 0;
  JobPlan plan_;
  std::deque<Job> waiting_;
  std::map<pid_t, Job> running_;
  std::string last_error_;
};

}  // namespace

void run_jobs(const Recipe& recipe, const fs::path& folder, std::vector<Job> jobs,
              const JobPlan& plan) {
  Runner(recipe, folder, std::move(jobs), plan).run();
}

}  // namespace regard::lab
