#include "regard/battery/models/study_spec.hpp"

#include "regard/base/error.hpp"

namespace regard::battery {

run::Tables StudySpec::tables() {
  return {{"run",
           [this](Visitor& f) {
             f("title", title, "heading of the report");
             f("out", out, "folder of the run");
             f("seeds", seeds, "one ensemble and one run of the paper's model each");
             f("threads", threads, "models that train at once, one thread each");
             f("looked_before", looked_before,
               "models that were looked at on the tests before this run, for the report");
           }},
          {"data",
           [this](Visitor& f) {
             f("folder", folder, "the Severson set");
             f("other", other, "other ageing sets with capacities alone (empty: none)");
             f("cycles", cycles, "numbers of early cycles; the last is that of the table");
             f("compare_at", compare_at,
               "number of early cycles at which more models are compared (0: none)");
           }},
          {"model", [this](Visitor& f) { model.visit(f); }},
          {"bands", [this](Visitor& f) {
             f("level", level, "share of cells that an interval is to hold");
             f("false_alarm", false_alarm, "share of training-like cells that is flagged");
             f("folds", folds, "folds of the cross-validation");
           }}};
}

void StudySpec::check() const {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw InputError(what);
  };
  need(!seeds.empty(), "[run] seeds: at least one was expected");
  need(!cycles.empty(), "[data] cycles: at least one number was expected");
  for (std::size_t i = 0; i < cycles.size(); ++i)
    need(cycles[i] >= 20 && cycles[i] <= 100 && (i == 0 || cycles[i] > cycles[i - 1]),
         "[data] cycles: rising numbers from 20 to 100 were expected");
  need(compare_at == 0 || (compare_at >= 20 && compare_at <= 100),
       "[data] compare_at: 0, or a number from 20 to 100 was expected");
  need(level > 0 && level < 1, "[bands] level: a share between 0 and 1 was expected");
  need(false_alarm > 0 && false_alarm < 1,
       "[bands] false_alarm: a share between 0 and 1 was expected");
  need(folds >= 2, "[bands] folds: at least 2 were expected");
  model.check();
  need(
      !folder.empty(),
      "[data] folder: the Severson set was expected, 124 cells cycled to their end of life; --data "
      "names its folder (Severson et al. 2019, https://data.matr.io/1)");
}

}  // namespace regard::battery
