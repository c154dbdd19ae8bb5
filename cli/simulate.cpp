// simulate: self-attention as particles on the sphere.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/ops/parallel.hpp"
#include "regard/report/table.hpp"
#include "regard/run/machine.hpp"
#include "regard/theory/particles/run.hpp"

namespace regard::cli {
namespace {

constexpr std::size_t kMostRows = 24;  // of each beta on a terminal; events.csv has all

struct Flag {
  const char *name, *table, *key;
};

constexpr Flag kFlags[] = {{"--points", "points", "file"},
                           {"--weights", "points", "weights"},
                           {"--init", "points", "init"},
                           {"--n", "points", "n"},
                           {"--d", "points", "d"},
                           {"--seed", "points", "seed"},
                           {"--clusters", "points", "clusters"},
                           {"--angle", "points", "angle"},
                           {"--spread", "points", "spread"},
                           {"--kappa", "points", "kappa"},
                           {"--model", "model", "kind"},
                           {"--usa-norm", "model", "usa_norm"},
                           {"--prefactor", "model", "prefactor"},
                           {"--engine", "run", "engine"},
                           {"--until", "run", "until"},
                           {"--merge", "run", "merge"},
                           {"--clock", "run", "clock"},
                           {"--tolerance", "run", "tolerance"},
                           {"--close", "run", "close"}};

Visit table_of(particles::Spec& spec, const std::string& table) {
  if (table == "points") return [&](Visitor& f) { spec.points.visit(f); };
  if (table == "model") return [&](Visitor& f) { spec.model.visit(f); };
  return [&](Visitor& f) { spec.run.visit(f); };
}

Field field_of(const Flag& flag) {
  particles::Spec spec;
  for (const auto& field : fields(table_of(spec, flag.table))) {
    if (field.name == flag.key) return field;
  }
  throw InputError(std::string("no option ") + flag.key);
}

/// What the flags say, on top of the defaults.
class SimulateFlags {
 public:
  explicit SimulateFlags(CLI::App& command) {
    for (const auto& flag : kFlags) {
      const auto field = field_of(flag);
      auto help = field.doc;
      if (!field.choices.empty()) help += " (" + join(field.choices, ", ") + ")";
      auto& value = texts_.emplace_back(std::make_shared<std::string>());
      auto* option = command.add_option(flag.name, *value, help);
      option->type_name(type_of(field.value));
      const auto text = to_text(field.value);
      if (!text.empty()) option->default_str(text);
      options_.push_back(option);
    }
    command.add_option("--beta", betas_, "inverse temperature; several with commas")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("NUMBER")
        ->default_str("4");
  }

  particles::Spec spec() const {
    particles::Spec spec;
    for (std::size_t i = 0; i < std::size(kFlags); ++i) {
      if (options_[i]->count() == 0) continue;
      const auto& flag = kFlags[i];
      Value value = *texts_[i];
      if (!std::holds_alternative<std::string>(field_of(flag).value))
        value = parse_value(*texts_[i]);
      assign(table_of(spec, flag.table), {{flag.key, value}}, flag.name);
    }
    if (!betas_.empty()) spec.beta = numbers(betas_);
    return spec;
  }

 private:
  static const char* type_of(const Value& value) {
    if (std::holds_alternative<int64_t>(value)) return "INT";
    return std::holds_alternative<double>(value) ? "NUMBER" : "TEXT";
  }
  static std::vector<double> numbers(const std::vector<std::string>& texts) {
    std::vector<double> values;
    for (const auto& text : texts) {
      const auto value = parse_value(text);
      const auto* whole = std::get_if<int64_t>(&value);
      const auto* real = std::get_if<double>(&value);
      if (whole == nullptr && real == nullptr) {
        throw InputError("--beta: numbers with commas are expected, and \"" + text + "\" came");
      }
      values.push_back(whole ? static_cast<double>(*whole) : *real);
    }
    return values;
  }
  std::vector<std::shared_ptr<std::string>> texts_;
  std::vector<CLI::Option*> options_;
  std::vector<std::string> betas_;
};

particles::Environment environment() { return {{"regard", run::version_text()}}; }

void print(const particles::Spec& spec, const std::vector<particles::Outcome>& outcomes,
           bool json) {
  if (json) {
    for (const auto& outcome : outcomes)
      std::printf("%s\n", particles::outcome_json(spec, outcome).dump().c_str());
    return;
  }
  const auto table = particles::event_table(outcomes, kMostRows);
  std::printf("%s", report::to_text(table).c_str());
  if (outcomes.size() > 1) {
    const auto by_beta = particles::beta_table(outcomes);
    std::printf("\n%s", report::to_text(by_beta).c_str());
    for (const auto& note : by_beta.notes) std::printf("%s\n", note.c_str());
  }
  for (const auto& outcome : outcomes) std::printf("%s\n", particles::sentence(outcome).c_str());
}

}  // namespace

void add_simulate(CLI::App& app) {
  auto* command = app.add_subcommand(
      "simulate", "self-attention as particles on the sphere: clusters, their lifetimes, merges");
  command->footer(
      "Without flags: the five particles of arXiv 2410.06833, SA, beta = 4.\n"
      "Example: regard simulate --n 200 --d 3 --beta 60 --init uniform --out runs/sphere");
  struct State {
    std::string out = "runs/particles";
    bool json = false;
  };
  auto state = std::make_shared<State>();
  auto flags = std::make_shared<SimulateFlags>(*command);
  command->add_option("--out", state->out, "folder for report.html, events.csv and samples.csv")
      ->default_str(state->out);
  command->add_flag("--json", state->json, "one JSON object a line for each beta");
  command->callback([=] {
    auto spec = flags->spec();
    const auto start = particles::make_start(spec.points);
    spec.check(start.cloud);
    for (const auto& said : start.said) std::fprintf(stderr, "regard: %s\n", said.c_str());
    const auto warning = particles::antipodal_warning(start.cloud);
    if (!warning.empty()) std::fprintf(stderr, "regard: warning: %s\n", warning.c_str());
    const auto outcomes = particles::simulate(spec, start.cloud, ops::parallel_for);
    particles::write_results(state->out, spec, start.cloud, outcomes, environment());
    print(spec, outcomes, state->json);
    std::fprintf(stderr, "regard: wrote %s/report.html\n", state->out.c_str());
  });
}

}  // namespace regard::cli
