// The commands of `regard`; each adds one subcommand whose callback does the work.
#pragma once

namespace CLI {
class App;
}

namespace regard::cli {

void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_predict(CLI::App& app);
void add_generate(CLI::App& app);
void add_translate(CLI::App& app);
void add_score(CLI::App& app);
void add_fill(CLI::App& app);
void add_generate_data(CLI::App& app);
void add_compare(CLI::App& app);
void add_list(CLI::App& app);
void add_show(CLI::App& app);
void add_explain(CLI::App& app);
void add_doctor(CLI::App& app);
void add_bench(CLI::App& app);
void add_report(CLI::App& app);
void add_battery(CLI::App& app);
void add_simulate(CLI::App& app);
void add_chain(CLI::App& app);
void add_docgraph(CLI::App& app);

}  // namespace regard::cli
