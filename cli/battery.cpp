// battery: capacity-loss curves and cycle life.
#include <CLI/CLI.hpp>

#include "commands.hpp"
#ifdef REGARD_BATTERY_LACKS
#include "regard/base/error.hpp"
#else
#include "battery.hpp"
#endif

namespace regard::cli {

void add_battery(CLI::App& app) {
  auto* battery = app.add_subcommand("battery", "capacity-loss curves and cycle life of cells");
#ifdef REGARD_BATTERY_LACKS
  battery->allow_extras();
  battery->callback([] {
    throw InputError(
        "battery: this build is without it; mend: `apt-get install " REGARD_BATTERY_LACKS
        "`, then configure and build again");
  });
#else
  battery->require_subcommand(1);
  add_battery_fit(*battery);
  add_battery_train(*battery);
  add_battery_predict(*battery);
  add_battery_report(*battery);
#endif
}

}  // namespace regard::cli
