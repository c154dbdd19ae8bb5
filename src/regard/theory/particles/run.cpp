#include "regard/theory/particles/run.hpp"

#include "regard/base/files.hpp"

namespace regard::particles {

void write_results(const std::filesystem::path& folder, const Spec& spec, const Cloud& start,
                   const std::vector<Outcome>& outcomes, const Environment& environment) {
  make_directory(folder);
  std::string lines;
  for (const auto& outcome : outcomes) lines += outcome_json(spec, outcome).dump() + "\n";
  write_atomically(folder / "events.jsonl", lines);
  write_atomically(folder / "events.csv", report::to_csv(event_table(outcomes)));
  write_atomically(folder / "samples.csv", samples_csv(outcomes));
  report::write_document(page(spec, start, outcomes, environment), folder / "report.html");
}

}  // namespace regard::particles
