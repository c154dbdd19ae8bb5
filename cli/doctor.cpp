// doctor: what is here and what is missing.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.hpp"
#include "regard/base/json.hpp"
#include "regard/lab/health.hpp"

namespace regard::cli {
namespace {
#ifdef REGARD_BATTERY_LACKS
constexpr const char* kBattery =
    "left out; mend: `apt-get install " REGARD_BATTERY_LACKS "`, then configure and build again";
#else
constexpr const char* kBattery = "yes";
#endif
}  // namespace

void add_doctor(CLI::App& app) {
  auto* command = app.add_subcommand(
      "doctor", "versions, CPU, GPU, and what is missing with the command that mends it");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "JSON for programs");
  command->callback([=] {
    const auto rows = lab::health(kBattery);
    if (*json) {
      Json out;
      for (const auto& [key, value] : rows) out[key] = value;
      std::printf("%s\n", out.dump(2).c_str());
      return;
    }
    for (const auto& [key, value] : rows) std::printf("%-20s %s\n", key.c_str(), value.c_str());
  });
}

}  // namespace regard::cli
