// Texts of a trained language model: B prompts at once against B calls of `generate` on the same
// cached decoder.
//
//   bench_sampling RUN [--rows 32] [--length 2000] [--threads 1]
//
// One JSON line a row. Both draw the same number of tokens at temperature 1; `checksum` is the sum
// of the ids of the first text of B at once and of one call, which agree where the logits of a row
// do.
#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <c10/core/InferenceMode.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <numeric>

#include "regard/base/clock.hpp"
#include "regard/lab/generate.hpp"

int main(int argc, char** argv) {
  using namespace regard;
  CLI::App app{"sampling of a trained run"};
  std::string folder;
  int64_t rows = 32, length = 2000;
  int threads = 1;
  app.add_option("run", folder)->required();
  app.add_option("--rows", rows);
  app.add_option("--length", length);
  app.add_option("--threads", threads);
  CLI11_PARSE(app, argc, argv);
  at::set_num_threads(threads);
  const auto run = lab::open_run(folder, "cpu");
  const c10::InferenceMode guard;
  const auto say = [&](const char* peer, int64_t texts, double seconds, int64_t checksum) {
    std::printf(
        "{\"case\": \"sampling\", \"peer\": \"%s\", \"texts\": %lld, \"length\": %lld, "
        "\"seconds\": %.3f, "
        "\"tokens_per_second\": %.0f, \"checksum\": %lld}\n",
        peer, static_cast<long long>(texts), static_cast<long long>(length), seconds,
        static_cast<double>(texts * length) / seconds, static_cast<long long>(checksum));
    std::fflush(stdout);
  };
  const auto sum = [](const std::vector<int32_t>& ids) {
    return std::accumulate(ids.begin(), ids.end(), int64_t{0});
  };
  const auto prompts = at::full({rows, 1}, 0, torch::kLong);
  double begin = seconds_now();
  const auto together = models::sample(lab::make_step(run, "bench"), prompts, length, {});
  say("B at once", rows, seconds_now() - begin, sum(together[0]));
  begin = seconds_now();
  const auto alone =
      models::sample(lab::make_step(run, "bench"), prompts.narrow(0, 0, 1), length, {});
  say("one of B", 1, seconds_now() - begin, sum(alone[0]));
  const auto greedy =
      models::sample(lab::make_step(run, "bench"), prompts.narrow(0, 0, 1), 60, {.temperature = 0});
  std::printf("{\"case\": \"sampling\", \"peer\": \"regard\", \"greedy\": %lld}\n",
              static_cast<long long>(sum(greedy[0])));
  // Calls are alike, so that four stand for all.
  constexpr int64_t kCalls = 4;
  begin = seconds_now();
  int64_t letters = 0;
  for (int64_t b = 0; b < kCalls; ++b) {
    lab::GenerateOptions options;
    options.prompt = "\n";
    options.length = length;
    options.temperature = 1;
    options.seed = b + 1;
    letters += static_cast<int64_t>(lab::generate(run, options).text.size());
  }
  say("generate, a call each", kCalls, seconds_now() - begin, letters);
  return 0;
}
