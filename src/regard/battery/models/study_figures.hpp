// The figures of a study, from the parts of its results.json.
#pragma once

#include <nlohmann/json.hpp>

#include "regard/report/figures.hpp"

namespace regard::battery {

report::Figure parity_figure(
    const nlohmann::ordered_json& bands);  // predicted against measured life, by split
report::Figure cycles_figure(
    const nlohmann::ordered_json& rows);  // error against the number of early cycles
report::Figure curves_figure(
    const nlohmann::ordered_json& bands);  // measured, predicted and band, by split
report::Figure reliability_figure(const nlohmann::ordered_json& bands);  // held against promised
report::Figure delta_figure(
    const nlohmann::ordered_json& bands);  // dQ(V) of the training cells by life

}  // namespace regard::battery
