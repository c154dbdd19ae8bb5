// The figures of a study, from the parts of its results.json.
#pragma once

#include "regard/base/json.hpp"
#include "regard/report/figures.hpp"

namespace regard::battery {

report::Figure parity_figure(const Json& bands);       // predicted against measured life, by split
report::Figure cycles_figure(const Json& rows);        // error against the number of early cycles
report::Figure curves_figure(const Json& bands);       // measured, predicted and band, by split
report::Figure reliability_figure(const Json& bands);  // held against promised
report::Figure delta_figure(const Json& bands);        // dQ(V) of the training cells by life

}  // namespace regard::battery
