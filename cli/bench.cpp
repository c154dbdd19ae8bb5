// regard bench: how fast attention and training steps are here, beside their peers.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/base/files.hpp"
#include "regard/base/text.hpp"
#include "regard/lab/bench/bench.hpp"
#include "regard/lab/bench/report.hpp"

namespace regard::cli {
namespace {

struct Flags {
  lab::BenchOptions bench;
  std::string shapes, attention, out;
  bool json = false, alone = false;
};

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> items;
  for (const auto& item : split_outside_brackets(text, ',')) {
    if (!trim(item).empty()) items.push_back(trim(item));
  }
  return items;
}

void run(Flags flags) {
  flags.bench.shapes = list_of(flags.shapes);
  flags.bench.attention = list_of(flags.attention);
  flags.bench.peers = !flags.alone;
  const auto report = lab::run_bench(
      flags.bench, [](const std::string& now) { std::cerr << "bench: " << now << "\n"; });
  const auto json = lab::bench_json(report);
  if (!flags.out.empty()) write_atomically(flags.out, json);
  if (flags.json) {
    std::cout << json;
  } else {
    std::cout << lab::bench_heading(report) << "\n"
              << report::to_text(lab::bench_table(report)) << lab::profiles_text(report);
  }
}

}  // namespace

void add_bench(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  auto* bench = app.add_subcommand("bench",
                                   "Time attention and whole training steps on this machine, "
                                   "beside PyTorch on the same input in the "
                                   "same run");
  auto& options = flags->bench;
  bench->add_option("--case", options.test, "attention, step or all")->capture_default_str();
  bench->add_option(
      "--shape", flags->shapes,
      "text, image, bytes16k, bytes131k, core, demo, or sizes such as "
      "B1T4096H256heads8layers1mlp512; several with commas. Default: core and demo on a CPU, "
      "the four large ones on a GPU");
  bench->add_option("--attention", flags->attention,
                    "phrases, separated by commas. Default: softmax and hrr");
  bench->add_option("--device", options.device, "auto, cpu or cuda")->capture_default_str();
  bench->add_option("--dtype", options.dtype,
                    "fp32, bf16 or fp16 (attention alone). Default: fp32 on a CPU, bf16 on a GPU");
  add_number(*bench, "--repeat", options.repeat, "turns of each implementation")
      ->capture_default_str();
  add_number(*bench, "--seconds", options.seconds,
             "an implementation whose turns took this long gets no more; the first three may "
             "take thrice that")
      ->capture_default_str();
  add_number(*bench, "--threads", options.threads, "CPU threads; 0: one a core")
      ->capture_default_str();
  bench->add_flag("--alone", flags->alone,
                  "without peers: memory and caches are then ours, as in a program of its own");
  bench->add_option("--trace", options.trace,
                    "after the turns, record a few training steps of ours with PyTorch's profiler: "
                    "a table of kernels (CPU: operators), and the trace in this file, or in one "
                    "for each shape and phrase with its name added");
  bench->add_flag("--json", flags->json, "print JSON instead of a table");
  bench->add_option("--out", flags->out, "also write the JSON to this file");
  bench->callback([flags] { run(*flags); });
}

}  // namespace regard::cli
