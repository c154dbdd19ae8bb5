// regard: train, compare, run and explain self-attention models.
//
// Exit codes: 0 success, 1 a run that failed, 2 a mistake in the input, 128 + signal after saving.
#include <c10/util/Exception.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "commands.hpp"
#include "flags.hpp"
#include "regard/base/error.hpp"
#include "regard/base/text.hpp"
#include "regard/run/machine.hpp"

namespace {

constexpr char kNoMemory[] =
    "not enough memory; a smaller --batch, --width or data.max_length takes less";

int fail(const std::string& sentence, int code) {
  std::fprintf(stderr, "regard: %s\n", sentence.c_str());
  return code;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// A command that does not exist, or a command of a command: the nearest that does. "" when it
// exists.
std::string unknown_command(const CLI::App& app, const std::string& before, char** word,
                            char** end) {
  if (word == end || (*word)[0] == '-') return "";
  std::vector<std::string> names;
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == *word) return unknown_command(*sub, before + *word + " ", word + 1, end);
    names.push_back(sub->get_name());
  }
  if (names.empty()) return "";
  return "unknown command \"" + before + *word + "\"" + regard::suggestion(*word, names);
}

std::string parse_message(const CLI::App& app, const CLI::ParseError& error, int argc,
                          char** argv) {
  const auto unknown = unknown_command(app, "", argv + std::min(argc, 1), argv + argc);
  if (!unknown.empty()) return unknown;
  return std::string(error.what()) + "; `regard" +
         (argc > 1 && argv[1][0] != '-' ? std::string(" ") + argv[1] : "") +
         " --help` lists what there is";
}

// In the order of `regard --help`.
void add_commands(CLI::App& app) {
  using namespace regard::cli;
  using Add = void (*)(CLI::App&);
  const std::pair<const char*, std::vector<Add>> groups[] = {
      {"Your data", {add_train, add_compare, add_eval, add_predict, add_report}},
      {"Generate", {add_generate, add_fill, add_translate, add_score, add_generate_data}},
      {"Theory", {add_simulate, add_chain}},
      {"Applications", {add_battery, add_docgraph}},
      {"Tools", {add_list, add_show, add_explain, add_doctor, add_bench}}};
  for (const auto& [group, commands] : groups) {
    for (const auto add : commands) {
      add(app);
      app.get_subcommands([](CLI::App*) { return true; }).back()->group(group);
    }
  }
}

// CLI11 takes "[a, b]" apart where an option may come with several values; behind a blank it leaves
// it whole.
std::vector<std::string> whole_lists(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {  // the last one first, as CLI11 wants it
    const std::string argument = argv[i];
    const bool list = argument.starts_with('[') && argument.ends_with(']');
    arguments.push_back(list ? " " + argument : argument);
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ,
              SIG_IGN);  // a file-size limit then fails as a full disk does, with a sentence
  regard::cli::keep_standard_descriptors();
  CLI::App app{"Regard trains, compares, runs and explains self-attention models.", "regard"};
  app.set_version_flag("--version", regard::run::version_text());
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  add_commands(app);
  try {
    try {
      app.parse(whole_lists(argc, argv));
    } catch (const CLI::Success& help) {
      app.exit(help);
    }
    regard::cli::finish_output();
    return 0;
  } catch (const CLI::ParseError& error) {
    return fail(parse_message(app, error, argc, argv), 2);
  } catch (const regard::InputError& error) {
    return fail(error.what(), 2);
  } catch (const regard::Interrupted& stop) {
    return fail("stopped by a signal; the state is saved, and --resume goes on from it",
                128 + stop.signal);
  } catch (const regard::RunError& error) {
    return fail(error.what(), 1);
  } catch (const std::bad_alloc&) {
    return fail(kNoMemory, 1);
  } catch (const c10::OutOfMemoryError&) {
    return fail("not enough GPU memory; a smaller --batch, --width or data.max_length takes less",
                1);
  } catch (const c10::Error& error) {
    const auto text = first_line(error.what_without_backtrace());
    // The allocator of CPUs has no type of its own for this.
    if (text.find("can't allocate memory") != std::string::npos) return fail(kNoMemory, 1);
    return fail("PyTorch: " + text, 1);
  } catch (const std::exception& error) {
    return fail(first_line(error.what()), 1);
  }
}
