// chain: self-attention as a Markov chain conditioned on its context.
#include "chain.hpp"

#include <algorithm>

#include "commands.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/run/machine.hpp"

namespace regard::cli {
namespace {

const char* type_of(const Value& value) {
  if (std::holds_alternative<int64_t>(value)) return "INT";
  if (std::holds_alternative<double>(value)) return "NUMBER";
  if (std::holds_alternative<std::vector<double>>(value)) return "NUMBER,...";
  return "TEXT";
}

Field field_of(const run::Tables& tables, const OptionFlags::Flag& flag) {
  for (const auto& table : tables) {
    if (table.name != flag.table) continue;
    for (const auto& field : fields(table.visit)) {
      if (field.name == flag.key) return field;
    }
  }
  throw InputError(std::string("no option ") + flag.key);
}

}  // namespace

OptionFlags::OptionFlags(CLI::App& command, const run::Tables& defaults,
                         const std::vector<Flag>& flags) {
  for (const auto& flag : flags) {
    const auto field = field_of(defaults, flag);
    auto help = field.doc;
    if (!field.choices.empty()) help += " (" + join(field.choices, ", ") + ")";
    auto text = std::make_shared<std::string>();
    CLI::Option* option = nullptr;
    if (std::holds_alternative<bool>(field.value)) {
      option = command.add_flag(flag.name)->description(help);
    } else {
      option = command.add_option(flag.name, *text, help)->type_name(type_of(field.value));
      const auto shown = to_text(field.value);
      if (!shown.empty() && shown != "[]") option->default_str(shown);
    }
    all_.push_back({flag, field.value, text, option});
  }
}

bool OptionFlags::any() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const One& one) { return one.option->count() > 0; });
}

void OptionFlags::apply(const run::Tables& tables) const {
  for (const auto& one : all_) {
    if (one.option->count() == 0) continue;
    Value value = *one.text;
    if (std::holds_alternative<bool>(one.kind)) {
      value = true;
    } else if (std::holds_alternative<std::vector<double>>(one.kind)) {
      value = parse_value("[" + *one.text + "]");
    } else if (!std::holds_alternative<std::string>(one.kind)) {
      value = parse_value(*one.text);
      // 1e6 is a whole number for people.
      if (const auto* real = std::get_if<double>(&value);
          real != nullptr && std::holds_alternative<int64_t>(one.kind) &&
          *real == static_cast<double>(static_cast<int64_t>(*real)))
        value = static_cast<int64_t>(*real);
    }
    run::set_option(tables, one.flag.table, one.flag.key, value, one.flag.name);
  }
}

int64_t thread_count(int64_t given) {
  if (given < 0)
    throw InputError("--threads: 0 (one on each core) or more are expected, and " +
                     std::to_string(given) + " came");
  return given > 0 ? given : run::cores();
}

void add_chain(CLI::App& app) {
  auto* chain = app.add_subcommand(
      "chain", "self-attention as a Markov chain: check, learn, walk, diagnose a text or a run");
  chain->require_subcommand(1);
  add_chain_check(*chain);
  add_chain_learn(*chain);
  add_chain_walk(*chain);
  add_chain_diagnose(*chain);
}

}  // namespace regard::cli
