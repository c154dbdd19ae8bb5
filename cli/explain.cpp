// explain: which kernel would run, and why not the others.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/lab/explanation.hpp"

namespace regard::cli {

void add_explain(CLI::App& app) {
  auto* command =
      app.add_subcommand("explain", "which kernel would run for a phrase, and why not the others");
  command->footer(
      "Example: regard explain \"window(width=64)+hrr\" --length 4096 --width 64 --causal");
  auto question = std::make_shared<lab::Question>();
  auto json = std::make_shared<bool>(false);
  auto& q = *question;
  auto& p = q.problem;
  command->add_option("phrase", q.phrase, "projection+graph+fold")->required();
  add_number(*command, "--batch", p.batch, "examples")->capture_default_str();
  add_number(*command, "--heads", p.heads, "heads")->capture_default_str();
  add_number(*command, "--kv-heads", p.kv_heads, "heads of k and v (0: as many)")
      ->capture_default_str();
  add_number(*command, "--length", p.queries, "queries")->capture_default_str();
  add_number(*command, "--keys", p.keys, "keys (0: as many)")->capture_default_str();
  add_number(*command, "--width", p.width, "width of a head")->capture_default_str();
  command->add_option("--dtype", q.dtype, "fp32, bf16, fp16 or fp64")->capture_default_str();
  command->add_option("--device", q.device, "cpu or cuda")->capture_default_str();
  command->add_flag("--causal", q.causal, "as in a language model");
  command->add_flag("--ragged", p.ragged, "with lengths");
  command->add_flag("--bias", p.bias, "with a score bias");
  command->add_flag("--json", *json, "JSON for programs");
  command->callback([=] {
    const auto answer = lab::explain(*question);
    std::printf(
        "%s", *json ? (lab::to_json(answer).dump(2) + "\n").c_str() : lab::to_text(answer).c_str());
  });
}

}  // namespace regard::cli
